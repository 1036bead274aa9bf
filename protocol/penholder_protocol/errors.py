"""Every error of the contract: its wire code, its class, and in its docstring what it means.

A JSON-RPC error carries a number in `code` and the exact name in `data.code`. Errors of the
specification keep their negative numbers; the errors of the domain share a small positive class
number, so that a program may act on the class and a person on the name.

The shape of one error, one class with a docstring as its message, follows procrastinate.
"""

import re
from typing import ClassVar, TypeAlias

JsonScalar: TypeAlias = str | int | float | bool | None
Detail: TypeAlias = JsonScalar | list[str] | dict[str, JsonScalar]

NOT_FOUND = 1001
CONFLICT = 1002
REFUSED_BY_FENCE = 1003
NOT_IN_THIS_STATE = 1004
OVER_A_LIMIT = 1005
NOT_ALLOWED = 1006
TRY_AGAIN = 1007
PRUNED = 1008
OUT_OF_ORDER = 1009

ERRORS: dict[str, type["PenholderError"]] = {}
"""Every error by its name on the wire."""


class PenholderError(Exception):
    """Something that Penholder refuses or cannot do."""

    number: ClassVar[int] = 0
    """`error.code` on the wire."""
    code: ClassVar[str] = ""
    """`error.data.code` on the wire; the class name in upper case with underscores."""
    retryable: ClassVar[bool] = False
    """Whether the same call may succeed later without anything being changed."""

    def __init_subclass__(cls, number: int | None = None, retryable: bool = False) -> None:
        """Register a concrete error under its wire name."""
        if number is not None:
            cls.number = number
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()
        cls.retryable = retryable
        if not cls.__name__.startswith("_"):
            ERRORS[cls.code] = cls

    def __init__(self, message: str | None = None, **details: Detail) -> None:
        """Take a message for people (by default the docstring) and details for programs."""
        self.message = message or (type(self).__doc__ or type(self).code).split("\n")[0]
        self.details = details
        super().__init__(self.message)


# --- JSON-RPC 2.0 ---------------------------------------------------------------------------
class ParseError(PenholderError, number=-32700):
    """The frame is not valid JSON in UTF-8."""


class InvalidRequest(PenholderError, number=-32600):
    """The JSON is not a JSON-RPC 2.0 request."""


class MethodNotFound(PenholderError, number=-32601):
    """There is no such method."""


class InvalidParams(PenholderError, number=-32602):
    """The params do not fit the method."""


class InternalError(PenholderError, number=-32603):
    """The daemon failed at this request; nothing of it was written. Its log says why."""


# --- 1001: not found ------------------------------------------------------------------------
class ControllerNotFound(PenholderError, number=NOT_FOUND):
    """There is no such controller; controller.register makes one."""


class WorkerNotFound(PenholderError, number=NOT_FOUND):
    """There is no such worker; worker.create makes one."""


class EventNotFound(PenholderError, number=NOT_FOUND):
    """The worker's stream has no such event."""


class ApprovalNotFound(PenholderError, number=NOT_FOUND):
    """There is no such approval of this worker."""


class BlobNotFound(PenholderError, number=NOT_FOUND):
    """There is no such blob; one that no entry names is removed after an hour."""


class UploadNotFound(PenholderError, number=NOT_FOUND):
    """There is no such upload; begin anew with offset 0."""


class RunNotFound(PenholderError, number=NOT_FOUND):
    """There is no such run; run.create makes one."""


class CommandNotFound(PenholderError, number=NOT_FOUND):
    """There is no such command of this run."""


class InputNotFound(PenholderError, number=NOT_FOUND):
    """No input of this number was ever sent to the worker; input.list shows what was."""


class RunnerNotFound(PenholderError, number=NOT_FOUND):
    """There is no such runner; runner.register makes one known."""


class SessionNotFound(PenholderError, number=NOT_FOUND):
    """There is no such session; the first run that names one makes it."""


class TaskNotFound(PenholderError, number=NOT_FOUND):
    """There is no such task; task.create makes one."""


class BindingNotFound(PenholderError, number=NOT_FOUND):
    """The runner has no such binding; state.bind makes one."""


class BoardNotFound(PenholderError, number=NOT_FOUND):
    """There is no such board; board.create makes one."""


class WorkstreamNotFound(PenholderError, number=NOT_FOUND):
    """There is no such workstream, or it is on another board."""


class BriefNotFound(PenholderError, number=NOT_FOUND):
    """There is no such brief, or it is on another board."""


class QueueTaskNotFound(PenholderError, number=NOT_FOUND):
    """There is no such queue task; queue.submit makes one."""


# --- 1002: conflict -------------------------------------------------------------------------
class ControllerOwnershipConflict(PenholderError, number=CONFLICT):
    """Somebody else owns it: take over to replace the owner, or choose another workspace."""


class WorkerExists(PenholderError, number=CONFLICT):
    """A worker of this id exists or once existed; ids of workers are never used again."""


class WorkerAttached(PenholderError, number=CONFLICT):
    """Another living process has the worker's seat; attach with takeover to replace it."""


class IdempotencyConflict(PenholderError, number=CONFLICT):
    """The idempotency key was used before with other params; use a new key for a new call."""


class IdempotencyNotKept(PenholderError, number=CONFLICT):
    """The call under this key was done, but its answer held a secret, so it was not kept."""


class RunExists(PenholderError, number=CONFLICT):
    """There is a run of this id already."""


class RunnerLeaseConflict(PenholderError, number=CONFLICT):
    """Another runner has claimed it and its lease has not run out; come back when it has."""


class SessionBackendMismatch(PenholderError, number=CONFLICT):
    """The session belongs to another backend profile; a session never changes its own."""


class TaskExists(PenholderError, number=CONFLICT):
    """There is a task of this id already."""


class WorkstreamExists(PenholderError, number=CONFLICT):
    """Another board has a workstream of this id."""


class BriefExists(PenholderError, number=CONFLICT):
    """Another board has a brief of this id."""


class QueueTaskExists(PenholderError, number=CONFLICT):
    """A queue task of this id exists."""


# --- 1003: fenced ---------------------------------------------------------------------------
class Fenced(PenholderError, number=REFUSED_BY_FENCE):
    """The epoch or token is stale: somebody else holds this now."""


class FenceRequired(PenholderError, number=REFUSED_BY_FENCE):
    """Somebody holds this; pass the fence or lease, or take over or claim it first."""


class InvalidControllerHandle(PenholderError, number=REFUSED_BY_FENCE):
    """Releasing takes the owner's epoch and token, or force."""


class NotAttached(PenholderError, number=REFUSED_BY_FENCE):
    """The calling process does not hold the worker's seat; call runtime.attach first."""


# --- 1004: not in this state ----------------------------------------------------------------
class InvalidWorkerState(PenholderError, number=NOT_IN_THIS_STATE):
    """There is no such worker state."""


class InvalidWorkerStateTransition(PenholderError, number=NOT_IN_THIS_STATE):
    """The worker cannot go from its state to that one."""


class StaleState(PenholderError, number=NOT_IN_THIS_STATE):
    """The stored state is not the expected one; read it again and decide anew."""


class WorkerStopped(PenholderError, number=NOT_IN_THIS_STATE):
    """The worker is stopped and stays so; create another."""


class WorkerNotStopped(PenholderError, number=NOT_IN_THIS_STATE):
    """Only a stopped worker can be removed; stop it first."""


class RunTerminal(PenholderError, number=NOT_IN_THIS_STATE):
    """The run has ended and stays so; create another."""


class ApprovalNotPending(PenholderError, number=NOT_IN_THIS_STATE):
    """The approval has ended already; it is answered only once."""


class ApprovalOptionUnknown(PenholderError, number=NOT_FOUND):
    """The approval has no such option, neither by id nor by alias."""


class ApprovalPending(PenholderError, number=NOT_IN_THIS_STATE):
    """The worker waits for an approval that is still pending."""


class InvalidTaskTransition(PenholderError, number=NOT_IN_THIS_STATE):
    """A task cannot go from that state to the other."""


class StateScopeInvalid(PenholderError, number=NOT_IN_THIS_STATE):
    """There is no such scope of state."""


class StateIdentityMissing(PenholderError, number=NOT_IN_THIS_STATE):
    """The context lacks the id by which the scope is known."""


class QueueTaskTerminal(PenholderError, number=NOT_IN_THIS_STATE):
    """The queue task has ended; what has ended stays so."""


class QueueTaskNotClaimed(PenholderError, number=NOT_IN_THIS_STATE):
    """Nobody holds the queue task, so there is nothing to renew or to end; claim it first."""


# --- 1005: over a limit ---------------------------------------------------------------------
class ValueTooLarge(PenholderError, number=OVER_A_LIMIT):
    """A value is over its limit."""


class TooManyConnections(PenholderError, number=OVER_A_LIMIT, retryable=True):
    """All connections are taken; close some or come back later."""


class TooManySubscriptions(PenholderError, number=OVER_A_LIMIT):
    """This connection has as many subscriptions as it may; end one first."""


class SnapshotTooLarge(PenholderError, number=OVER_A_LIMIT):
    """The snapshot would not fit a frame; list the keys and get them one by one."""


class TreeTooLarge(PenholderError, number=OVER_A_LIMIT):
    """The tree would not fit a frame; ask for less depth or for a smaller root."""


class MutationTooLarge(PenholderError, number=OVER_A_LIMIT):
    """The call would hold the writer for too long; nothing of it was done. Send it in parts."""


class QueryTooCostly(PenholderError, number=OVER_A_LIMIT):
    """The query was ended after its time; ask for less, or for what an index answers."""


class TooManyWorkers(PenholderError, number=OVER_A_LIMIT):
    """As many workers are served as there is room for; stop some that are not needed."""


class TooManySeats(PenholderError, number=OVER_A_LIMIT):
    """As many processes are watched as there is room for; let some of them end or detach."""


class TooManyApprovals(PenholderError, number=OVER_A_LIMIT):
    """The worker has as many questions unanswered as it may; have some answered or cancel them."""


class TooManyCommands(PenholderError, number=OVER_A_LIMIT):
    """The run has as many commands open as it may; let some of them end, or cancel them."""


class TooManyInputs(PenholderError, number=OVER_A_LIMIT):
    """The worker has as much before it as it may; let it acknowledge some of it."""


class BlobsFull(PenholderError, number=OVER_A_LIMIT):
    """All blobs together come to MAX_BLOBS_BYTES; prune entries that name some."""


class ConnectionTooLarge(PenholderError, number=OVER_A_LIMIT):
    """The connection holds more of the daemon's memory than it may, and is ended; read answers."""


# --- 1006 … 1009 ----------------------------------------------------------------------------
class Denied(PenholderError, number=NOT_ALLOWED):
    """The caller may not do this here."""


class TenantPolicyDenied(PenholderError, number=NOT_ALLOWED):
    """This tenant or project may not use that: it is another's, or not configured here."""


class PeerNotVisible(PenholderError, number=NOT_ALLOWED):
    """The calling process is in another pid namespace, so the daemon cannot watch it."""


class StateDisabled(PenholderError, number=NOT_ALLOWED):
    """The policy of the binding allows no state at all."""


class StateScopeDenied(PenholderError, number=NOT_ALLOWED):
    """The policy of the binding does not allow this scope."""


class Busy(PenholderError, number=TRY_AGAIN, retryable=True):
    """The queue is full; try again in a moment."""


class CursorGone(PenholderError, number=PRUNED):
    """Entries after this cursor are gone: pruned, or of a history that has ended; read on anew."""


class StoreFailed(PenholderError, number=OUT_OF_ORDER, retryable=True):
    """The store cannot write; nothing was written."""


def error_for(
    number: int, message: str, code: str | None, details: dict[str, Detail]
) -> PenholderError:
    """Make the exception for an error that came over the wire, also for one not known here."""
    known = ERRORS.get(code or "") or next(
        (error for error in ERRORS.values() if error.number == number and number < 0), None
    )
    error = (known or PenholderError)(message, **details)
    if known is None:
        vars(error).update(number=number, code=code or "")
    return error
