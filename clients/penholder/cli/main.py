"""The command line: `penholder COMMAND …` and `penholder ROOM VERB …`.

Thin: it knows no method; rooms and verbs come from openrpc.json. It imports neither trio nor the
daemon, and a command's parts only when that command is called.
"""

import atexit
import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import TextIO

from penholder_protocol.light_imports import import_light_msgspec

_GLOBAL_SWITCHES = ("--json", "--no-json", "--control")
_GLOBAL_FLAGS = ("--socket", "--runtime-dir", "--worker", "--state-dir", "--operation", "--at")

_COLLECTIONS = (100_000, 20, 50)
"""Objects between two collections of each generation: by Python's 700 a tenth of what most commands
take would go into looking through what was just imported."""


def main() -> int:
    """Run the command that the arguments name; returns the exit code."""
    words = sys.argv[1:]
    gc.set_threshold(*_COLLECTIONS)
    # The interpreter would look through all of it once more before it goes.
    atexit.register(gc.freeze)
    _reset_signals()
    _open_streams()
    try:
        return _guarded(words)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    finally:
        _let_go(sys.stdout)
        _let_go(sys.stderr)


def _reset_signals() -> None:
    """Undo what a parent may have left: signals that are blocked, and children that nobody awaits.

    A program that is started with SIGTERM blocked could not be asked to end, and with SIGCHLD
    ignored it would never learn how a process of its own ended.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _open_streams() -> None:
    """Give every program three streams, and one of a foreign encoding escapes for what it lacks.

    Where a caller closed one, Python has None for it, and the next file or socket its number.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
            os.set_inheritable(number, True)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _let_go(stream: TextIO) -> None:
    """Throw away what cannot be written, on a full device or to a reader that has gone.

    The interpreter would try it again at its end, and change the exit status.
    """
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _guarded(words: Sequence[str]) -> int:
    import_light_msgspec()
    from penholder.cli.terminal import failures  # noqa: PLC0415 - after the handlers above

    # Before the words are parsed: that they are wrong is told as JSON, too.
    as_json = "--json" in _own(*_front(words))
    try:
        return _run_to_its_end(words)
    except failures.EXPECTED as error:
        # What the client refuses as no text is a word of the command line here.
        if isinstance(error.__cause__, UnicodeEncodeError):
            return failures.report(failures.no_text(error.__cause__), as_json=as_json)
        return failures.report(error, as_json=as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        return failures.report(failures.of_system(error), as_json=as_json)
    except UnicodeEncodeError as error:
        return failures.report(failures.no_text(error), as_json=as_json)
    except failures.UNREADABLE as error:
        return failures.report(failures.of_answer(error), as_json=as_json)


def _run_to_its_end(words: Sequence[str]) -> int:
    """Run the command, and see that all which it printed is written."""
    try:
        code = _run(*_front(words))
    except SystemExit as ended:  # argparse does so after a help text
        code = ended.code if isinstance(ended.code, int) else 0
    sys.stdout.flush()
    return code


def _front(words: Sequence[str]) -> tuple[str, list[str]]:
    """Split into the command and its words; flags of every command may come before it."""
    rest, moved = list(words), []
    while rest and rest[0].partition("=")[0] in (*_GLOBAL_FLAGS, *_GLOBAL_SWITCHES):
        flag = rest.pop(0)
        moved.append(flag)
        if flag in _GLOBAL_FLAGS and rest:
            moved.append(rest.pop(0))
    command = rest.pop(0) if rest else ""
    if rest and moved and not rest[0].startswith("-") and not _begins_program(command, rest):
        return command, [rest[0], *moved, *rest[1:]]
    return command, [*moved, *rest]


def _begins_program(command: str, words: Sequence[str]) -> bool:
    """Tell whether words that follow are those of `penholder run`, which end at the program's."""
    from penholder.cli import catalog  # noqa: PLC0415 - its own imports are few

    return command == catalog.RUN and catalog.find(command, words) is not None


def _own(command: str, words: Sequence[str]) -> Sequence[str]:
    """Return the words of a command that come before those of another program."""
    if _begins_program(command, words):
        from penholder.cli.run import own_words  # noqa: PLC0415 - for this command only

        return own_words.split(words)[0]
    return words[: words.index("--")] if "--" in words else words


def _run(command: str, words: list[str]) -> int:
    from penholder.cli import catalog  # noqa: PLC0415 - its own imports are few

    found = catalog.find(command, words)
    if found is not None and found.place != catalog.BRIDGED and _says_where(command, words):
        _run_elsewhere(command, words, found.place)
    return _run_room(command, words) if found is None else found.load()(words)


def _says_where(command: str, words: Sequence[str]) -> bool:
    return any(word.partition("=")[0] == "--at" for word in _own(command, words))


def _run_elsewhere(command: str, words: list[str], place: str) -> None:
    """Become the ssh that runs a word on the machine that it names."""
    from penholder.cli import catalog  # noqa: PLC0415
    from penholder.cli.words import elsewhere  # noqa: PLC0415

    if place == catalog.HERE:
        elsewhere.refuse(command)
    count = len(_own(command, words))
    at, own = elsewhere.taken(words[:count])
    if at is not None:
        needs_terminal = place == catalog.TERMINAL or "--pty" in own
        elsewhere.become(at, [command, *own, *words[count:]], terminal=needs_terminal)


def _run_room(room: str, words: list[str]) -> int:
    from penholder.cli import catalog, contract  # noqa: PLC0415
    from penholder.cli.terminal import failures, meanings, options  # noqa: PLC0415
    from penholder.cli.verbs import call, helptext  # noqa: PLC0415
    from penholder_protocol import __version__  # noqa: PLC0415

    known = contract.contract()
    if room in known.rooms():
        return call.run(room, words)
    if room in ("--help", "-h", "help") and words and not words[0].startswith("-"):
        return _run(words[0], [*words[1:], "--help"])
    if room in ("", "--help", "-h", "help"):
        print(helptext.overview(known))
        return 0 if room else failures.USAGE
    if room == "--version":
        print(f"penholder {__version__}")
        return 0
    names = [*known.rooms(), *catalog.COMMANDS]
    hint = options.nearest(room, names, meanings.of_word(room))
    raise failures.Usage(f"there is no command or room {room!r}{hint}")
