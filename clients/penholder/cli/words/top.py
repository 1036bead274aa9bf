"""`penholder top`: the live view. What draws it is an extra, and is imported only here."""

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from penholder.cli.terminal import targets
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.options import Options
from penholder.cli.words import frame

_SUMMARY = "See all workers live: what they ask, what they do, what they print; answer and steer."
_EXAMPLES = ("penholder top", "penholder top --controller .")
_MORE = """\
Keys: ? shows all of them. It needs the extra tui: pip install 'penholder[tui]'."""
_NAME = "local"


def run(words: Sequence[str]) -> int:
    """Carry out `penholder top words…`; returns the exit code."""
    parser = frame.parser("top", "[--controller ID]", _SUMMARY, _EXAMPLES, _MORE)
    frame.add_controller(parser)
    found, options = frame.read(parser, words)
    _require_extra()
    _require_terminal()
    given: str | None = found.controller
    target = targets.choose(options)
    # Here, and not on the screen: no daemon, and a controller that cannot be told.
    with targets.connect(target, options.operation) as client:
        controller_id = frame.controller_of(client, given)
    from penholder.cli.top import program  # noqa: PLC0415 - needs the extra
    from penholder.cli.top.model.acts import Host  # noqa: PLC0415

    host = Host(_NAME, str(target.path), _leading_there(options))
    return program.run([host], {_NAME: controller_id} if controller_id else None)


def _leading_there(options: Options) -> tuple[str, ...]:
    """Return the flags with which other words ask the same daemon."""
    flags = {
        "--socket": options.socket,
        "--runtime-dir": options.runtime_dir,
        "--state-dir": options.state_dir,
    }
    return tuple(each for flag, value in flags.items() if value for each in (flag, value))


def _require_extra() -> None:
    if find_spec("textual") is None:
        raise Failure(
            "penholder top needs Textual, which is not installed: pip install 'penholder[tui]'"
            " (pipx inject penholder textual; uv tool install 'penholder[tui]');"
            " penholder worker list shows the workers without it"
        )


def _require_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Usage(
            "penholder top needs a terminal for stdin and stdout (over ssh: ssh -t);"
            " penholder worker list prints the workers"
        )
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise Usage(
            "penholder top needs a terminal that can move its cursor, and TERM says that this one"
            " cannot; penholder worker list prints the workers"
        )
