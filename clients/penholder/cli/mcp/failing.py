"""What a tool answers where it could not: a result that says so.

Errors of the protocol never reach a model. So a result names the error as the daemon does, says
what happened, and what to do about it with the tools that there are.
"""

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.cli.mcp.messages import INTERNAL_ERROR, Body, Refused
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.silence import Silent
from penholder_protocol.errors import PenholderError

_LONGEST_MESSAGE = 2000
_WAYS = {
    "FENCED": "somebody else owns it now, and what you did before stands. Reading goes on. status"
    " says who owns it; your next act tries to own it again, and is refused while the other lives.",
    "CONTROLLER_OWNERSHIP_CONFLICT": "another process owns this controller: act through that one,"
    " or have this server started with another --name.",
    "WORKER_NOT_FOUND": "list_workers shows the workers there are, with ended: true all of them.",
    "WORKER_STOPPED": "it has ended; restart_worker begins its command anew.",
    "APPROVAL_NOT_FOUND": "inbox shows what is asked.",
    "APPROVAL_NOT_PENDING": "it was answered or withdrawn; inbox with this question shows how.",
    "APPROVAL_OPTION_UNKNOWN": "inbox shows the options of each question.",
    "CURSOR_GONE": "what came behind this cursor is pruned, or it is none of this daemon's: go on"
    " with the cursor that details name; list_workers and inbox show what you may have missed.",
    "NOT_ATTACHED": "the worker's own process has no seat at the moment, so nothing can be changed"
    " in its name.",
    "DENIED": "a worker speaks for itself only.",
    "DAEMON_UNREACHABLE": "start_worker starts a daemon, and so does a person with: penholder up",
    "CONNECTION_LOST": "it may have been done or not: look (list_workers, inbox, read_events)"
    " before you try again.",
    "TIMED_OUT": "it may still come about: look before you try again.",
}


class ToolFailure(Exception):
    """Something that a tool will not do, by a name, and what to do instead."""

    def __init__(self, code: str, message: str, way: str | None = None) -> None:
        """Take the name, what happened, and the way on."""
        super().__init__(message)
        self.code = code
        self.way = way


class _Told(msgspec.Struct, omit_defaults=True):
    code: str
    message: str
    what_to_do: str | None = None
    retryable: bool = False
    details: dict[str, object] = {}


def result_of(error: Exception) -> Body:
    """Return the result that tells a model of an error."""
    told = _told(error)
    if told.what_to_do is None:
        told.what_to_do = _WAYS.get(told.code, "try again." if told.retryable else None)
    text = f"{told.code}: {told.message}"
    if told.what_to_do:
        text += f"\nWhat to do: {told.what_to_do}"
    structured = {"error": msgspec.to_builtins(told)}
    content = [{"type": "text", "text": text}]
    return {"content": content, "structuredContent": structured, "isError": True}


T = TypeVar("T")


@contextmanager
def told_on_stderr() -> Iterator[None]:
    """Tell of a failure where there is nobody else to tell."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends this block alone
        told = _told(error)
        sys.stderr.write(f"penholder mcp: {told.code}: {told.message}\n")


def refused_as_protocol(act: Callable[[], T]) -> T:
    """Do something that is no tool, whose failures are errors of the protocol."""
    try:
        return act()
    except (PenholderError, ConnectionLost, DaemonUnreachable, ToolFailure, Failure) as error:
        told = _told(error)
        raise Refused(INTERNAL_ERROR, f"{told.code}: {told.message}", told.details) from None


def _told(error: Exception) -> _Told:
    message = (str(error) or type(error).__name__)[:_LONGEST_MESSAGE]
    if isinstance(error, PenholderError):
        return _Told(error.code, message, None, error.retryable, dict(error.details))
    if isinstance(error, ToolFailure):
        return _Told(error.code, message, error.way)
    if isinstance(error, Usage | msgspec.ValidationError):
        return _Told("INVALID_PARAMS", message)
    if isinstance(error, Failure):
        return _Told("FAILED", message)
    if isinstance(error, DaemonUnreachable):
        return _Told("DAEMON_UNREACHABLE", message, retryable=True)
    if isinstance(error, Silent):
        way = f"a person can tell why it does not answer: {error.hint}."
        return _Told("CONNECTION_LOST", message, f"{way} {_WAYS['CONNECTION_LOST']}", True)
    if isinstance(error, ConnectionLost):
        return _Told("CONNECTION_LOST", message, retryable=True)
    if isinstance(error, TimeoutError):
        return _Told("TIMED_OUT", message)
    if isinstance(error, OSError):
        return _Told("FAILED", error.strerror or message)
    traceback.print_exception(error, file=sys.stderr)
    return _Told("INTERNAL_ERROR", "a fault of penholder mcp, which its stderr tells more of")
