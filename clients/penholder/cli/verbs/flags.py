"""One verb's command line: its flags from the params of the method, read and checked."""

import argparse

from penholder.cli.contract import Contract, Method, Param
from penholder.cli.terminal.failures import Usage
from penholder.cli.verbs import values
from penholder.cli.verbs.helptext import describe, metavar

FENCE = "fence"
"""The one param that is not filled from a flag of its own; see `fences`."""
_HANDLE_METHODS = ("controller.renew", "controller.release", "controller.validate")


def add_params(parser: argparse.ArgumentParser, contract: Contract, method: Method) -> None:
    """Add a flag for every param; values stay text until they are checked."""
    group = parser.add_argument_group("params")
    for param in method.params:
        if param.name != FENCE:
            # argparse formats a help text with %.
            _add(group, param, describe(contract, param).replace("%", "%%"))


def _add(parser: argparse._ArgumentGroup, param: Param, text: str) -> None:
    name, schema = param.name, param.schema
    if schema.choices[0].type == "boolean":
        parser.add_argument(
            *_spellings(param),
            dest=name,
            action=argparse.BooleanOptionalAction,
            # What was not said is left out, which may be something else than null.
            default=argparse.SUPPRESS,
            help=text,
        )
        return
    parser.add_argument(
        param.flag,
        dest=name,
        action="append" if schema.choices[0].is_words else "store",
        default=argparse.SUPPRESS,
        metavar=metavar(schema),
        help=text,
    )
    if takes_null(param):
        parser.add_argument(
            "--no-" + param.flag[2:],
            dest=name,
            action="store_const",
            const=None,
            default=argparse.SUPPRESS,
            help="null",
        )


def _spellings(param: Param) -> list[str]:
    """Return the flag as it is written; the one that the words have too is spelled as there."""
    return [param.flag, "--take-over"] if param.name == "takeover" else [param.flag]


def takes_null(param: Param) -> bool:
    """Tell whether `--no-<flag>` says null: where leaving the flag out says something else."""
    return param.schema.nullable and bytes(param.schema.default) != b"null"


def read(contract: Contract, method: Method, found: argparse.Namespace) -> dict[str, object]:
    """Return the params that were given, as checked values."""
    given = vars(found)
    return {
        param.name: _value(contract, param, given[param.name])
        for param in method.params
        if param.name != FENCE and param.name in given
    }


def _value(contract: Contract, param: Param, given: str | bool | list[str] | None) -> object:
    if given is None or isinstance(given, bool):
        return given
    try:
        if isinstance(given, list):
            return values.convert_list(param.schema, given)
        return values.convert(contract, param.schema, given)
    except Usage as error:
        raise Usage(f"{param.flag}: {error}") from None


def require(method: Method, params: dict[str, object], *, as_worker: bool) -> None:
    """Refuse a call that leaves out what must be given; a worker need not name itself."""
    missing = [
        param.flag
        for param in method.params
        if param.required
        and param.name not in params
        and not (as_worker and param.name in method.identity)
    ]
    if missing:
        raise Usage(f"penholder {method.room} {method.verb} needs {', '.join(missing)}")


def takes_handle(method: Method) -> bool:
    """Tell whether epoch and token of this method may come from a saved handle."""
    return method.name in _HANDLE_METHODS
