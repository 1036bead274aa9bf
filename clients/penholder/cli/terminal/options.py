"""What every command may be told, and how its command line is read.

Apart from `flags`, so that commands which call no method of the contract do not load it.
"""

import argparse
import re
import sys
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any, NoReturn

import msgspec

from penholder.cli.terminal import output
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.helping import HelpFormatter


class Options(msgspec.Struct):
    """What every command may be told beside its own flags."""

    socket: str | None = None
    runtime_dir: str | None = None
    state_dir: str | None = None
    worker: str | None = None
    control: bool = False
    at: str | None = None
    json: bool | None = None
    format: str | None = None
    headers: bool = True
    all: bool = False
    fence: str | None = None
    take_over: bool = False
    save: bool = False
    operation: str | None = None


_MISSING = re.compile("the following arguments are required: (.+)")
_NO_NUMBER = re.compile(r"(argument .+: )invalid _?(\w+) value: (.+)", re.DOTALL)
_NUMBERS = {"int": "integer", "float": "number", "seconds": "number of seconds"}


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of ending the program, and whose help fits the terminal."""

    def __init__(self, **settings: Any) -> None:
        """Take what argparse takes; flags are never guessed from their beginnings."""
        settings.setdefault("formatter_class", HelpFormatter)
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would have printed, in the words of all other refusals."""
        if missing := _MISSING.fullmatch(message):
            raise Usage(f"{self.prog} needs {missing[1]}; {_usage(self)}")
        if (wrong := _NO_NUMBER.fullmatch(message)) and wrong[2] in _NUMBERS:
            raise Usage(f"{wrong[1]}{wrong[3]} is no {_NUMBERS[wrong[2]]}")
        raise Usage(message)

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """Take `--flag=--` at its word, which Pythons before 3.13 made an empty list of."""
        if not action.option_strings or arg_strings != ["--"]:
            return super()._get_values(action, arg_strings)
        value = self._get_value(action, "--")
        self._check_value(action, value)
        return value

    def _print_message(self, message: str, file: object = None) -> None:
        """Print help; argparse itself says nothing where it cannot be written."""
        is_fault = file is sys.stderr
        print(message, end="", file=sys.stderr if is_fault else sys.stdout)


on_parse: Callable[[Parser], NoReturn] | None = None
"""Called with a parser instead of reading words: for who wants to know its flags alone."""


def parse_known(parser: Parser, words: Sequence[str]) -> argparse.Namespace:
    """Parse; an unknown flag is refused with the nearest known one."""
    if on_parse is not None:
        on_parse(parser)
    try:
        found, rest = parser.parse_known_args(words)
    except Usage:
        # What is unknown is said before what is missing: a flag that is not there hides a name.
        own = words[: words.index("--")] if "--" in words else words
        rest = [word for word in own if _is_unknown(parser, word)]
        if not rest:
            raise
    if not rest:
        return found
    if not rest[0].startswith("-"):
        raise Usage(f"unexpected argument {rest[0]!r}; {_usage(parser)}")
    from penholder.cli.terminal import meanings  # noqa: PLC0415 - for mistakes only

    unknown = rest[0].partition("=")[0]
    known = [flag for action in parser._actions for flag in action.option_strings]
    hint = nearest(unknown, known, meanings.of_flag(unknown))
    if not hint and not unknown.startswith("--"):
        hint = "; a word that begins with - and is no flag goes behind --"
    raise Usage(f"there is no flag {unknown} of {parser.prog}{hint}")


def _usage(parser: Parser) -> str:
    return " ".join(parser.format_usage().split())


def _is_unknown(parser: Parser, word: str) -> bool:
    flag = word.partition("=")[0]
    if not flag.startswith("--"):
        # Not -1, which is a name; and flags of one letter may stand together, or with a value.
        return word[:1] == "-" and word[1:2].isalpha() and word[:2] not in _flags(parser)
    return len(flag) > 2 and flag not in _flags(parser)


def _flags(parser: Parser) -> Container[str]:
    return parser._option_string_actions


def normalized(words: Sequence[str]) -> list[str]:
    """Write flags with dashes, so that `--worker_id` is understood too."""
    return [_dashed(word) if word.startswith("--") else word for word in words]


def _dashed(word: str) -> str:
    flag, equals, value = word.partition("=")
    return flag.replace("_", "-") + equals + value


def add_common(
    parser: argparse.ArgumentParser, *, sockets: bool = True, json_in_pipes: bool = True
) -> None:
    """Add the flags of every command."""
    in_pipes = "; stdout is JSON anyway when it is no terminal, unless --no-json"
    group = parser.add_argument_group("for every command")
    group.add_argument(
        "--json",
        action=argparse.BooleanOptionalAction,
        help=f"print JSON, and errors as JSON on stderr{in_pipes if json_in_pipes else ''}",
    )
    group.add_argument(
        "--at",
        metavar="WHERE",
        help="the daemon of another machine, over ssh: ssh://[user@]machine[:port], or the name of"
        " a context of the clients' configuration",
    )
    group.add_argument("--runtime-dir", metavar="DIR", help="where the daemon's sockets are")
    if sockets:
        group.add_argument("--socket", metavar="PATH", help="ask this socket")
        group.add_argument("--worker", metavar="ID", help="ask the runtime socket of this worker")
        group.add_argument(
            "--control",
            action="store_true",
            help="ask the control socket, also inside `penholder run`",
        )
        add_operation(group)
    group.add_argument("--state-dir", metavar="DIR", help="where saved handles and the log are")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add the flags of commands that print records."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--format",
        choices=output.FORMATS,
        help="how to print: a table for people, JSON, JSON a record a line, or CSV with all fields",
    )
    group.add_argument(
        "--no-headers",
        dest="headers",
        action="store_false",
        default=None,
        help="leave out the line that names the columns",
    )


def add_operation(group: argparse._ActionsContainer) -> None:
    """Add the flag of commands that call the daemon."""
    group.add_argument(
        "--operation",
        metavar="NAME",
        help="begin the request ids with this, which entries of the journal and log lines repeat",
    )


def add_fence(parser: argparse.ArgumentParser) -> None:
    """Add the flags of methods that take a fence."""
    group = parser.add_argument_group("fence")
    group.add_argument(
        "--fence",
        metavar="EPOCH:TOKEN",
        help="proof of ownership; default $PENHOLDER_FENCE, else the saved handle of the"
        " controller concerned",
    )
    group.add_argument(
        "--take-over",
        "--takeover",
        action="store_true",
        help="acquire the controller with takeover, act, and release it again",
    )
    group.add_argument(
        "--save", action="store_true", help="with --take-over: keep the ownership and save it"
    )


def read_options(found: argparse.Namespace) -> Options:
    """Return what was said beside the params."""
    return msgspec.convert(
        {
            name: value
            for name, value in vars(found).items()
            if value is not None and name in Options.__struct_fields__
        },
        Options,
    )


def nearest(word: str, known: Iterable[str], meant: Iterable[str] = ()) -> str:
    """Return `; did you mean …?` with what a word means elsewhere, else with those most alike."""
    import difflib  # noqa: PLC0415 - for mistakes only

    likely = list(meant) or difflib.get_close_matches(word, {*known}, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(likely)}?" if likely else ""
