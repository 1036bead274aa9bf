"""`penholder watch`: a line for each question, failure and silence, and programs that hear it."""

import shlex
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import FrameType

from penholder.blocking import Client
from penholder.cli.terminal import configuration, output, screen
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.options import Options, Parser
from penholder.cli.terminal.reader import Reader
from penholder.cli.terminal.text import printable
from penholder.cli.watch import desktop
from penholder.cli.watch.facts import WORDS, Fact, Kind
from penholder.cli.watch.following import Following
from penholder.cli.watch.hooks import Hook, Hooks, command
from penholder.cli.watch.noticing import TYPES
from penholder.cli.watch.watching import Watching
from penholder.cli.words import frame
from penholder_protocol.nouns import Controller, Entry

_COLOURS: dict[Kind, str] = {"question": "yellow", "failure": "red", "silence": "dim"}


def run(words: Sequence[str]) -> int:
    """Carry out `penholder watch words…`; ends with an exception only."""
    found, options = frame.read(_parser(), words, records=True)
    format_ = _format(options)
    hooks = _hooks(found.command, notify=found.notify)
    stall_after_s = configuration.stall_after_s(found.stall_after)
    if not stall_after_s:
        raise Usage("--stall-after: everybody is silent for 0 s; write 90s, 10m, 2h")
    with frame.connected(options, waits=True) as client, ExitStack() as stack:
        controller_id = _controller_id(client, found.controller)
        following = stack.enter_context(Following(client, _streams(controller_id), TYPES))
        reader = stack.enter_context(Reader(sys.stdout.fileno(), following.close))
        running = stack.enter_context(Hooks(hooks, _say))
        _end_by_signals()

        def tell(fact: Fact) -> None:
            _print(fact, format_)
            running.put(fact)

        def pause() -> None:
            if following.pause():
                raise BrokenPipeError

        watching = Watching(client, controller_id, stall_after_s, tell, pause)
        _watch(watching, following)
    # As if a write had failed, which may have been hours in coming.
    if reader.is_gone:
        raise BrokenPipeError
    return 0


def _parser() -> Parser:
    parser = frame.parser(
        "watch",
        "[--exec CMD] [--notify] [--controller ID|.]",
        "Print a line for each question, failure and silence of workers, as they happen.",
        ["penholder watch", "penholder watch --notify", "penholder watch --exec ./tell-me.sh",
         "penholder watch --controller . --stall-after 2m", "penholder watch --json"],
        "Questions that are open already come first. It goes on over restarts of the daemon,"
        " without gap or double; Ctrl-C ends it. CMD is split into words as a shell does, and is"
        " run without one, for each fact: PENHOLDER_WATCH_KIND (question, failure, silence), _NAME,"
        " _TEXT, _WORKER_ID, _CONTROLLER_ID, _REQUEST_ID, _OPTIONS, _STATE and _TIME are in its"
        " environment, and all of it as JSON on its stdin. One runs at a time, for 30 s at most.",
    )  # fmt: skip
    parser.add_argument("--exec", dest="command", metavar="CMD", help="run this for each fact")
    parser.add_argument(
        "--notify", action="store_true", help="show each fact on the desktop, by notify-send"
    )
    frame.add_controller(parser)
    frame.add_stall_after(parser)
    return parser


def _format(options: Options) -> str:
    format_ = output.format_of(options, output.TABLE)
    if format_ == output.CSV:
        raise Usage("watch prints lines or JSON lines; pass --json, or leave --format out")
    return format_


def _hooks(line: str | None, *, notify: bool) -> list[Hook]:
    hooks = [desktop.hook()] if notify else []
    if line is None:
        return hooks
    try:
        argv = shlex.split(line)
    except ValueError as error:
        raise Usage(f"--exec: {line!r} cannot be split into words: {error}") from None
    if not argv:
        raise Usage("--exec: there is no command")
    if shutil.which(argv[0]) is None:
        raise Failure(
            f"--exec: there is no program {argv[0]!r} on PATH; it is run without a shell, so"
            " write `sh -c '…'` for a shell's words"
        )
    return [*hooks, command(argv)]


def _controller_id(client: Client, given: str | None) -> str | None:
    """Return the controller that is meant, which must be there unless it is the directory's."""
    controller_id = frame.controller_of(client, given)
    if controller_id is not None and given != frame.HERE:
        client.call("controller.get", {"controller_id": controller_id}, Controller)
    return controller_id


def _streams(controller_id: str | None) -> list[str]:
    if controller_id is None:
        return ["*"]
    return [f"controller:{controller_id}", f"controller:{controller_id}/workers"]


def _watch(watching: Watching, following: Following) -> None:
    """Take what happens, and look at the silent in between; until it is closed."""
    watching.begin()
    look_at = time.monotonic()
    while True:
        happening = following.take(max(0.0, look_at - time.monotonic()))
        if happening == "closed":
            return
        if isinstance(happening, Exception):
            raise happening
        if isinstance(happening, Entry):
            watching.take(happening)
        elif happening == "gap":
            _say("retention took entries before they were read: what they told is not told")
            watching.begin()
        elif happening == "away":
            look_at = time.monotonic()  # it waits for the daemon
        if time.monotonic() >= look_at:
            watching.look()
            look_at = time.monotonic() + watching.look_every_s


def _print(fact: Fact, format_: str) -> None:
    if format_ != output.TABLE:
        output.print_json(fact.json())
        return
    line = fact.line()
    if screen.has_colours():
        word = WORDS[fact.kind]
        line = line.replace(word, screen.coloured(word, _COLOURS[fact.kind]), 1)
    print(line, flush=True)


def _say(text: str) -> None:
    """Say on stderr what is no fact; where nobody hears that, it is not said."""
    with suppress(OSError):
        print(f"penholder watch: {printable(text)}", file=sys.stderr, flush=True)


def _end_by_signals() -> None:
    """End in order, and with what runs; but not by what whoever started this has it ignore."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
