"""What the words have in common: their flags, the connection, and how they print."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

import msgspec

from penholder.blocking import Client
from penholder.cli.terminal import ages, fences, output, targets
from penholder.cli.terminal.helping import described
from penholder.cli.terminal.options import (
    Options,
    Parser,
    add_common,
    add_fence,
    add_format,
    add_operation,
    normalized,
    parse_known,
    read_options,
)
from penholder.cli.terminal.text import printable
from penholder_protocol.errors import ControllerNotFound
from penholder_protocol.nouns import Fence

HERE = "."


def parser(word: str, usage: str, summary: str, examples: Sequence[str], more: str = "") -> Parser:
    """Make the parser of a word; its own arguments are added to it."""
    return Parser(
        prog=f"penholder {word}",
        usage=f"penholder {word} {usage}".rstrip(),
        description=described(summary, examples, more),
    )


def add_names(of: Parser, *, several: bool) -> None:
    """Add the NAMEs of workers."""
    text = "a worker: its id, its name or the beginning of one, the end of its id, -1 the newest"
    if several:
        of.add_argument("names", nargs="+", metavar="NAME", help=text)
    else:
        of.add_argument("name", metavar="NAME", help=text)


def add_controller(of: Parser) -> None:
    """Add the flag that narrows a word to one controller."""
    of.add_argument(
        "--controller",
        metavar="ID",
        help="only of this controller; . or any path with a / is that of a directory",
    )


def add_stall_after(of: Parser) -> None:
    """Add the flag of what is silent, which the clients' configuration says where it does not.

    `configuration.stall_after_s` is what both come to.
    """
    of.add_argument(
        "--stall-after",
        type=ages.parsed_duration,
        metavar="TIME",
        help="who works and wrote nothing for so long is silent: 90s, 10m, 2h; default: the"
        " setting stall_after_s of the clients' configuration, else 10m",
    )


def read(
    of: Parser, words: Sequence[str], *, records: bool = False, fence: bool = False
) -> tuple[argparse.Namespace, Options]:
    """Add the flags of every word, and read the command line."""
    if fence:
        add_fence(of)
    if records:
        add_format(of)
    group = of.add_argument_group("where")
    group.add_argument("--socket", metavar="PATH", help="ask the daemon at this control socket")
    add_operation(group)
    add_common(of, sockets=False, json_in_pipes=False)
    found = parse_known(of, normalized(words))
    return found, read_options(found)


@contextmanager
def connected(
    options: Options, *, waits: bool = False, has_screen: bool = False
) -> Iterator[Client]:
    """Yield a client of the control socket; raises DaemonUnreachable without a daemon.

    A word that `waits` by its meaning waits for a daemon that does not answer, too, and says so:
    one that `has_screen` for something else only while it waits for an answer.
    """
    target, operation = targets.choose(options), options.operation
    says = not options.json
    with targets.connect(
        target, operation, waits=waits, says=says, has_screen=has_screen
    ) as client:
        yield client


def controller_of(client: Client, given: str | None) -> str | None:
    """Return the controller that a word was narrowed to."""
    if given is None or (given != HERE and "/" not in given):
        return given
    from penholder.cli.workers import scope  # noqa: PLC0415 - hashing is long to import

    return scope.directory_controller(client, Path(given)).controller_id


def nobody_yet(given: str | None) -> AbstractContextManager[object]:
    """Take the directory's controller for one without workers where it is not registered."""
    is_path = given is not None and (given == HERE or "/" in given)
    return suppress(ControllerNotFound) if is_path else nullcontext()


def print_for_programs(records: Sequence[msgspec.Struct], format_: str) -> None:
    """Print records as JSON (one list), as JSON lines or as CSV."""
    if format_ == output.JSON:
        output.print_json(msgspec.json.encode(records))
    else:
        output.print_records([msgspec.Raw(msgspec.json.encode(each)) for each in records], format_)


def tell(options: Options, text: str, record: object) -> None:
    """Print what came of a word: a line for people, with --json the record for programs."""
    if options.json:
        output.print_json(msgspec.json.encode(record))
    else:
        print(printable(text))


def note(options: Options, word: str, text: str) -> None:
    """Say on stderr what is beside the result; with --json there are errors alone."""
    if not options.json:
        print(f"penholder {word}: {printable(text)}", file=sys.stderr, flush=True)


def fence_beside(
    client: Client, options: Options, params: dict[str, object]
) -> AbstractContextManager[Fence | None]:
    """Yield the fence for what a person may do beside an owner: none, unless one was given."""
    return fences.held(client, options, params)
