"""Which words may come next, given those that are there.

Pure but for `values`, which asks the daemon what exists. What a flag's value or an argument is, is
told by its name in the help (`metavar`): a NAME is a worker, everywhere.
"""

import argparse
from collections.abc import Iterable, Sequence

from penholder.cli import catalog
from penholder.cli.completion import parsers, values
from penholder.cli.terminal.options import Parser

_SHELLS = ("bash", "zsh", "fish")
_OTHERS = ("help", "--help", "--version")


def complete(words: Sequence[str], asked: values.Asked) -> list[str]:
    """Return what the last word, which may be empty, can become."""
    *before, current = list(words) or [""]
    found = _candidates(before, current, asked)
    return [each for each in dict.fromkeys(found) if each.startswith(current)]


def _candidates(before: list[str], current: str, asked: values.Asked) -> Iterable[str]:
    if before and before[0] == "help":
        before = before[1:]
    if not before:
        return [*_names(), *_rooms(), *_OTHERS]
    if before[0] == "completion":
        return _SHELLS
    parser, rest = _parser(before)
    if parser is None:
        return _verbs(before[0]) if len(before) == 1 else ()
    if before[0] == catalog.RUN and _has_command(before):
        return ()  # another program's words: the shell completes files
    return _of_parser(parser, rest, current, asked)


def _names() -> list[str]:
    return [name for name, each in catalog.COMMANDS.items() if each.group != catalog.HIDDEN]


def _verbs(name: str) -> Iterable[str]:
    known = catalog.COMMANDS.get(name)
    if known is not None and known.verbs:
        return known.verbs
    from penholder.cli.contract import contract  # noqa: PLC0415 - long to read

    return [method.verb for method in contract().verbs(name)]


def _rooms() -> list[str]:
    from penholder.cli.contract import contract  # noqa: PLC0415 - long to read

    return contract().rooms()


def _parser(before: Sequence[str]) -> tuple[Parser | None, Sequence[str]]:
    """Return the parser of what has been said, and the words behind its name."""
    name, *rest = before
    known = catalog.find(name, rest)
    if known is None:
        return (parsers.of_verb(name, rest[0]) if rest else None), rest[1:]
    if known.verbs:
        verb = rest[0] if rest else ""
        return (parsers.of_command(name, [verb]) if verb in known.verbs else None), rest[1:]
    return parsers.of_command(name), rest


def _has_command(before: Sequence[str]) -> bool:
    from penholder.cli.run import own_words  # noqa: PLC0415 - for this command only

    if catalog.find(before[0], before[1:]) is None:
        return False  # a verb of the room of that name
    return "--" in before or bool(own_words.split(before[1:])[1])


def _of_parser(
    parser: Parser, rest: Sequence[str], current: str, asked: values.Asked
) -> Iterable[str]:
    flag, equals, _ = current.partition("=")
    if equals and flag.startswith("--"):
        action = parser._option_string_actions.get(flag)
        return [f"{flag}={each}" for each in _values(action, asked)] if action else ()
    action = parser._option_string_actions.get(rest[-1]) if rest else None
    if action is not None and action.nargs is None:
        return _values(action, asked)
    if current.startswith("-"):
        return [each for each in parser._option_string_actions if len(each) > 2 or each != "-h"]
    return _values(_positional(parser, rest), asked)


def _values(action: argparse.Action | None, asked: values.Asked) -> Iterable[str]:
    if action is None:
        return ()
    if action.choices is not None:
        return list(map(str, action.choices))
    kind = action.metavar if isinstance(action.metavar, str) else ""
    if kind.startswith("{"):
        return kind.strip("{}").split(",")
    flag = next((each for each in action.option_strings if each.startswith("--")), "")
    return asked.of(flag or kind)


def _positional(parser: Parser, rest: Sequence[str]) -> argparse.Action | None:
    """Return the argument that the next word without a flag is."""
    places = [action for action in parser._actions if not action.option_strings]
    given, skips = 0, False
    for word in rest:
        action = parser._option_string_actions.get(word)
        if skips or word.startswith("-"):
            skips = not skips and action is not None and action.nargs is None
        else:
            given += 1
    if given < len(places):
        return places[given]
    return places[-1] if places and places[-1].nargs in ("+", "*") else None
