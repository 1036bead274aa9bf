"""Errors and limits as pages, from the docstrings that stand beside them."""

import ast
import inspect
from itertools import pairwise

from penholder_protocol import limits as _limits
from penholder_protocol.errors import ERRORS, PenholderError

_CLASSES = {
    1001: "not found",
    1002: "conflict",
    1003: "fenced",
    1004: "not in this state",
    1005: "over a limit",
    1006: "not allowed",
    1007: "busy, try again",
    1008: "gone",
    1009: "out of order",
}
_ERRORS_INTRO = """\
# Errors

A program may act on the class, the number in `code`, or on the exact name in `data.code`:

```json
{"code": 1003, "message": "…", "data": {"code": "FENCED", "retryable": false, "details": {}}}
```

`retryable` says that the same call may succeed later without anything being changed. `details`
are for programs: what was named, what was found instead, which limit was met. Errors of the
JSON-RPC specification keep their negative numbers.

| error | class | retryable | what it means |
|---|---|---|---|"""
_LIMITS_INTRO = """\
# Limits

Every queue, frame, list, value and count has a maximum; they stand together in
`protocol/penholder_protocol/limits.py`. At a limit the caller gets an error whose details name the
constant (`limit`) and its value (`maximum`). `rpc.hello` answers all of them.

**The worst case of memory.** Peers can make the daemon hold MAX_HELD_BYTES in all (or, with very
many connections, CONNECTION_KEEPS_BYTES of each), MAX_WRITER_QUEUE_BYTES of mutations whose
connections have ended, and what is underway: an answer of each reader and MAX_COMMIT_BATCH_BYTES of
a commit. With the interpreter, the caches of the database and what an allocator keeps that is below
300 MB, which a test holds with 64 hostile connections of every kind. An allocator keeps what was
freed in pieces: where every kind comes after the other, most of it large frames that are never
finished, about 350 MB were seen.

| limit | value | |
|---|---|---|"""


def errors() -> str:
    """Return the page of all errors, and a heading for each that can be linked to."""
    rows = [
        f"| `{code}` | {_class(error)} | {_yes(error)} | {_meaning(error)} |"
        for code, error in ERRORS.items()
    ]
    headings = [f"## {code}\n\n{inspect.getdoc(error)}\n" for code, error in ERRORS.items()]
    return "\n".join([_ERRORS_INTRO, *rows, "", *headings])


def _class(error: type[PenholderError]) -> str:
    named = _CLASSES.get(error.number)
    return f"{error.number} {named}" if named else str(error.number)


def _yes(error: type[PenholderError]) -> str:
    return "yes" if error.retryable else ""


def _meaning(error: type[PenholderError]) -> str:
    return (inspect.getdoc(error) or "").split("\n")[0]


def limits() -> str:
    """Return the page of all limits."""
    said = _docstrings(inspect.getsource(_limits))
    rows = [
        f"| `{name}` | {value:,} | {said.get(name, '')} |"
        for name, value in vars(_limits).items()
        if name.isupper()
    ]
    return "\n".join([_LIMITS_INTRO, *rows, ""])


def _docstrings(source: str) -> dict[str, str]:
    """Return what stands in a string below each constant."""
    found: dict[str, str] = {}
    body = ast.parse(source).body
    for node, following in pairwise(body):
        if isinstance(node, ast.Assign) and isinstance(following, ast.Expr):
            target, value = node.targets[0], following.value
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                found[target.id] = " ".join(str(value.value).split())
    return found
