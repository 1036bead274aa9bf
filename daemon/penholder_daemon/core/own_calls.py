"""Calls that the daemon makes itself: what fell due, ends it noticed, answers to keep."""

from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.core.method import Invocation, Method
from penholder_protocol.jsonrpc import NO_PARAMS


def daemon_call(method: Method, caller: Caller, arguments: dict[str, object]) -> Invocation:
    """Make a call of one of the daemon's own mutations."""
    return Invocation(method, arguments, caller, None, NO_PARAMS, NO_PARAMS)


def daemon_caller(uid: int, pid: int) -> Caller:
    """Describe the daemon as the author of its own mutations."""
    return Caller(CONTROL, uid, pid)
