"""Every method and room that this release knows. Made by `python -m penholder_daemon.generate`; do not edit."""

from functools import cached_property
from typing import TYPE_CHECKING, Final

from penholder._callers import AsyncCaller, Caller

if TYPE_CHECKING:
    from penholder._generated.approval import AsyncApprovalCalls, ApprovalCalls
    from penholder._generated.backend import AsyncBackendCalls, BackendCalls
    from penholder._generated.blob import AsyncBlobCalls, BlobCalls
    from penholder._generated.board import AsyncBoardCalls, BoardCalls
    from penholder._generated.brief import AsyncBriefCalls, BriefCalls
    from penholder._generated.command import AsyncCommandCalls, CommandCalls
    from penholder._generated.controller import AsyncControllerCalls, ControllerCalls
    from penholder._generated.daemon import AsyncDaemonCalls, DaemonCalls
    from penholder._generated.event import AsyncEventCalls, EventCalls
    from penholder._generated.handoff import AsyncHandoffCalls, HandoffCalls
    from penholder._generated.host import AsyncHostCalls, HostCalls
    from penholder._generated.input import AsyncInputCalls, InputCalls
    from penholder._generated.job import AsyncJobCalls, JobCalls
    from penholder._generated.journal import AsyncJournalCalls, JournalCalls
    from penholder._generated.message import AsyncMessageCalls, MessageCalls
    from penholder._generated.queue import AsyncQueueCalls, QueueCalls
    from penholder._generated.rpc import AsyncRpcCalls, RpcCalls
    from penholder._generated.run import AsyncRunCalls, RunCalls
    from penholder._generated.runner import AsyncRunnerCalls, RunnerCalls
    from penholder._generated.runtime import AsyncRuntimeCalls, RuntimeCalls
    from penholder._generated.session import AsyncSessionCalls, SessionCalls
    from penholder._generated.state import AsyncStateCalls, StateCalls
    from penholder._generated.task import AsyncTaskCalls, TaskCalls
    from penholder._generated.tx import AsyncTxCalls, TxCalls
    from penholder._generated.worker import AsyncWorkerCalls, WorkerCalls
    from penholder._generated.workstream import AsyncWorkstreamCalls, WorkstreamCalls

METHODS: Final = frozenset({
    "approval.cancel",
    "approval.decide",
    "approval.get",
    "approval.list",
    "approval.request",
    "approval.wait",
    "backend.list",
    "blob.get",
    "blob.put",
    "board.append_event",
    "board.create",
    "board.events",
    "board.get",
    "board.list",
    "board.set_state",
    "board.summary",
    "brief.create",
    "brief.get",
    "brief.list",
    "brief.retry",
    "brief.set_result",
    "brief.set_state",
    "brief.tree",
    "command.ack",
    "command.cancel",
    "command.create",
    "command.finish",
    "command.get",
    "command.list",
    "command.next",
    "controller.acquire",
    "controller.find",
    "controller.get",
    "controller.instances",
    "controller.list",
    "controller.register",
    "controller.release",
    "controller.renew",
    "controller.status",
    "controller.validate",
    "daemon.backup",
    "daemon.config",
    "daemon.health",
    "daemon.metrics",
    "daemon.prune",
    "daemon.shutdown",
    "daemon.status",
    "daemon.verify",
    "event.append",
    "event.append_many",
    "event.latest",
    "event.list",
    "event.wait",
    "handoff.latest",
    "handoff.list",
    "handoff.register",
    "host.list",
    "input.ack",
    "input.list",
    "input.next",
    "job.list",
    "job.save",
    "journal.position",
    "journal.read",
    "journal.subscribe",
    "journal.unsubscribe",
    "journal.wait",
    "message.ack",
    "message.list",
    "message.publish",
    "message.unread",
    "message.wait",
    "queue.cancel",
    "queue.claim",
    "queue.complete",
    "queue.fail",
    "queue.get",
    "queue.heartbeat",
    "queue.list",
    "queue.mark_read",
    "queue.overview",
    "queue.pause",
    "queue.resume",
    "queue.stats",
    "queue.submit",
    "queue.submit_many",
    "queue.update_attempt",
    "queue.wait",
    "rpc.cancel",
    "rpc.discover",
    "rpc.hello",
    "rpc.ping",
    "run.append_event",
    "run.cancel",
    "run.claim",
    "run.claim_next",
    "run.create",
    "run.events",
    "run.finish",
    "run.get",
    "run.heartbeat",
    "run.list",
    "runner.heartbeat",
    "runner.list",
    "runner.register",
    "runtime.attach",
    "runtime.detach",
    "runtime.status",
    "session.get",
    "session.list",
    "session.mark_read",
    "session.output",
    "session.summary",
    "session.trace",
    "state.bind",
    "state.binding",
    "state.clear",
    "state.delete",
    "state.get",
    "state.list",
    "state.set",
    "state.snapshot",
    "task.assign",
    "task.create",
    "task.fail",
    "task.get",
    "task.heartbeat",
    "task.list",
    "task.transition",
    "tx.apply",
    "worker.clear_endpoint",
    "worker.create",
    "worker.get",
    "worker.heartbeat",
    "worker.list",
    "worker.overview",
    "worker.remove",
    "worker.send",
    "worker.set_endpoint",
    "worker.set_session",
    "worker.set_turn",
    "worker.stop",
    "worker.transition",
    "workstream.create",
    "workstream.get",
    "workstream.list",
    "workstream.set_state",
})
"""Every method."""
KEYED: Final = frozenset({
    "approval.cancel",
    "approval.decide",
    "approval.request",
    "blob.put",
    "board.append_event",
    "board.create",
    "board.set_state",
    "brief.create",
    "brief.retry",
    "brief.set_result",
    "brief.set_state",
    "command.ack",
    "command.cancel",
    "command.create",
    "command.finish",
    "controller.acquire",
    "controller.register",
    "controller.release",
    "controller.renew",
    "daemon.backup",
    "daemon.prune",
    "daemon.shutdown",
    "event.append",
    "event.append_many",
    "handoff.register",
    "input.ack",
    "job.save",
    "message.ack",
    "message.publish",
    "queue.cancel",
    "queue.claim",
    "queue.complete",
    "queue.fail",
    "queue.heartbeat",
    "queue.mark_read",
    "queue.pause",
    "queue.resume",
    "queue.submit",
    "queue.submit_many",
    "queue.update_attempt",
    "queue.wait",
    "run.append_event",
    "run.cancel",
    "run.claim",
    "run.claim_next",
    "run.create",
    "run.finish",
    "run.heartbeat",
    "runner.heartbeat",
    "runner.register",
    "runtime.attach",
    "runtime.detach",
    "session.mark_read",
    "state.bind",
    "state.clear",
    "state.delete",
    "state.set",
    "task.assign",
    "task.create",
    "task.fail",
    "task.heartbeat",
    "task.transition",
    "tx.apply",
    "worker.clear_endpoint",
    "worker.create",
    "worker.heartbeat",
    "worker.remove",
    "worker.send",
    "worker.set_endpoint",
    "worker.set_session",
    "worker.set_turn",
    "worker.stop",
    "worker.transition",
    "workstream.create",
    "workstream.set_state",
})
"""Methods that take an idempotency key."""
TOKENED: Final = frozenset({
    "controller.acquire",
    "queue.claim",
    "queue.wait",
    "run.claim",
    "run.claim_next",
})
"""Methods that take a token of the caller's own, and can then be answered again."""
WAITS: Final = frozenset({
    "approval.wait",
    "command.next",
    "event.wait",
    "input.next",
    "journal.wait",
    "message.wait",
    "queue.wait",
})
"""Methods that may take as long as their timeout_ms."""


class Rooms(Caller):
    """The rooms as attributes of a client."""

    @cached_property
    def approval(self) -> "ApprovalCalls":
        """The approval room."""
        from penholder._generated.approval import ApprovalCalls

        return ApprovalCalls(self)

    @cached_property
    def backend(self) -> "BackendCalls":
        """The backend room."""
        from penholder._generated.backend import BackendCalls

        return BackendCalls(self)

    @cached_property
    def blob(self) -> "BlobCalls":
        """The blob room."""
        from penholder._generated.blob import BlobCalls

        return BlobCalls(self)

    @cached_property
    def board(self) -> "BoardCalls":
        """The board room."""
        from penholder._generated.board import BoardCalls

        return BoardCalls(self)

    @cached_property
    def brief(self) -> "BriefCalls":
        """The brief room."""
        from penholder._generated.brief import BriefCalls

        return BriefCalls(self)

    @cached_property
    def command(self) -> "CommandCalls":
        """The command room."""
        from penholder._generated.command import CommandCalls

        return CommandCalls(self)

    @cached_property
    def controller(self) -> "ControllerCalls":
        """The controller room."""
        from penholder._generated.controller import ControllerCalls

        return ControllerCalls(self)

    @cached_property
    def daemon(self) -> "DaemonCalls":
        """The daemon room."""
        from penholder._generated.daemon import DaemonCalls

        return DaemonCalls(self)

    @cached_property
    def event(self) -> "EventCalls":
        """The event room."""
        from penholder._generated.event import EventCalls

        return EventCalls(self)

    @cached_property
    def handoff(self) -> "HandoffCalls":
        """The handoff room."""
        from penholder._generated.handoff import HandoffCalls

        return HandoffCalls(self)

    @cached_property
    def host(self) -> "HostCalls":
        """The host room."""
        from penholder._generated.host import HostCalls

        return HostCalls(self)

    @cached_property
    def input(self) -> "InputCalls":
        """The input room."""
        from penholder._generated.input import InputCalls

        return InputCalls(self)

    @cached_property
    def job(self) -> "JobCalls":
        """The job room."""
        from penholder._generated.job import JobCalls

        return JobCalls(self)

    @cached_property
    def journal(self) -> "JournalCalls":
        """The journal room."""
        from penholder._generated.journal import JournalCalls

        return JournalCalls(self)

    @cached_property
    def message(self) -> "MessageCalls":
        """The message room."""
        from penholder._generated.message import MessageCalls

        return MessageCalls(self)

    @cached_property
    def queue(self) -> "QueueCalls":
        """The queue room."""
        from penholder._generated.queue import QueueCalls

        return QueueCalls(self)

    @cached_property
    def rpc(self) -> "RpcCalls":
        """The rpc room."""
        from penholder._generated.rpc import RpcCalls

        return RpcCalls(self)

    @cached_property
    def run(self) -> "RunCalls":
        """The run room."""
        from penholder._generated.run import RunCalls

        return RunCalls(self)

    @cached_property
    def runner(self) -> "RunnerCalls":
        """The runner room."""
        from penholder._generated.runner import RunnerCalls

        return RunnerCalls(self)

    @cached_property
    def runtime(self) -> "RuntimeCalls":
        """The runtime room."""
        from penholder._generated.runtime import RuntimeCalls

        return RuntimeCalls(self)

    @cached_property
    def session(self) -> "SessionCalls":
        """The session room."""
        from penholder._generated.session import SessionCalls

        return SessionCalls(self)

    @cached_property
    def state(self) -> "StateCalls":
        """The state room."""
        from penholder._generated.state import StateCalls

        return StateCalls(self)

    @cached_property
    def task(self) -> "TaskCalls":
        """The task room."""
        from penholder._generated.task import TaskCalls

        return TaskCalls(self)

    @cached_property
    def tx(self) -> "TxCalls":
        """The tx room."""
        from penholder._generated.tx import TxCalls

        return TxCalls(self)

    @cached_property
    def worker(self) -> "WorkerCalls":
        """The worker room."""
        from penholder._generated.worker import WorkerCalls

        return WorkerCalls(self)

    @cached_property
    def workstream(self) -> "WorkstreamCalls":
        """The workstream room."""
        from penholder._generated.workstream import WorkstreamCalls

        return WorkstreamCalls(self)


class AsyncRooms(AsyncCaller):
    """The rooms as attributes of a client."""

    @cached_property
    def approval(self) -> "AsyncApprovalCalls":
        """The approval room."""
        from penholder._generated.approval import AsyncApprovalCalls

        return AsyncApprovalCalls(self)

    @cached_property
    def backend(self) -> "AsyncBackendCalls":
        """The backend room."""
        from penholder._generated.backend import AsyncBackendCalls

        return AsyncBackendCalls(self)

    @cached_property
    def blob(self) -> "AsyncBlobCalls":
        """The blob room."""
        from penholder._generated.blob import AsyncBlobCalls

        return AsyncBlobCalls(self)

    @cached_property
    def board(self) -> "AsyncBoardCalls":
        """The board room."""
        from penholder._generated.board import AsyncBoardCalls

        return AsyncBoardCalls(self)

    @cached_property
    def brief(self) -> "AsyncBriefCalls":
        """The brief room."""
        from penholder._generated.brief import AsyncBriefCalls

        return AsyncBriefCalls(self)

    @cached_property
    def command(self) -> "AsyncCommandCalls":
        """The command room."""
        from penholder._generated.command import AsyncCommandCalls

        return AsyncCommandCalls(self)

    @cached_property
    def controller(self) -> "AsyncControllerCalls":
        """The controller room."""
        from penholder._generated.controller import AsyncControllerCalls

        return AsyncControllerCalls(self)

    @cached_property
    def daemon(self) -> "AsyncDaemonCalls":
        """The daemon room."""
        from penholder._generated.daemon import AsyncDaemonCalls

        return AsyncDaemonCalls(self)

    @cached_property
    def event(self) -> "AsyncEventCalls":
        """The event room."""
        from penholder._generated.event import AsyncEventCalls

        return AsyncEventCalls(self)

    @cached_property
    def handoff(self) -> "AsyncHandoffCalls":
        """The handoff room."""
        from penholder._generated.handoff import AsyncHandoffCalls

        return AsyncHandoffCalls(self)

    @cached_property
    def host(self) -> "AsyncHostCalls":
        """The host room."""
        from penholder._generated.host import AsyncHostCalls

        return AsyncHostCalls(self)

    @cached_property
    def input(self) -> "AsyncInputCalls":
        """The input room."""
        from penholder._generated.input import AsyncInputCalls

        return AsyncInputCalls(self)

    @cached_property
    def job(self) -> "AsyncJobCalls":
        """The job room."""
        from penholder._generated.job import AsyncJobCalls

        return AsyncJobCalls(self)

    @cached_property
    def journal(self) -> "AsyncJournalCalls":
        """The journal room."""
        from penholder._generated.journal import AsyncJournalCalls

        return AsyncJournalCalls(self)

    @cached_property
    def message(self) -> "AsyncMessageCalls":
        """The message room."""
        from penholder._generated.message import AsyncMessageCalls

        return AsyncMessageCalls(self)

    @cached_property
    def queue(self) -> "AsyncQueueCalls":
        """The queue room."""
        from penholder._generated.queue import AsyncQueueCalls

        return AsyncQueueCalls(self)

    @cached_property
    def rpc(self) -> "AsyncRpcCalls":
        """The rpc room."""
        from penholder._generated.rpc import AsyncRpcCalls

        return AsyncRpcCalls(self)

    @cached_property
    def run(self) -> "AsyncRunCalls":
        """The run room."""
        from penholder._generated.run import AsyncRunCalls

        return AsyncRunCalls(self)

    @cached_property
    def runner(self) -> "AsyncRunnerCalls":
        """The runner room."""
        from penholder._generated.runner import AsyncRunnerCalls

        return AsyncRunnerCalls(self)

    @cached_property
    def runtime(self) -> "AsyncRuntimeCalls":
        """The runtime room."""
        from penholder._generated.runtime import AsyncRuntimeCalls

        return AsyncRuntimeCalls(self)

    @cached_property
    def session(self) -> "AsyncSessionCalls":
        """The session room."""
        from penholder._generated.session import AsyncSessionCalls

        return AsyncSessionCalls(self)

    @cached_property
    def state(self) -> "AsyncStateCalls":
        """The state room."""
        from penholder._generated.state import AsyncStateCalls

        return AsyncStateCalls(self)

    @cached_property
    def task(self) -> "AsyncTaskCalls":
        """The task room."""
        from penholder._generated.task import AsyncTaskCalls

        return AsyncTaskCalls(self)

    @cached_property
    def tx(self) -> "AsyncTxCalls":
        """The tx room."""
        from penholder._generated.tx import AsyncTxCalls

        return AsyncTxCalls(self)

    @cached_property
    def worker(self) -> "AsyncWorkerCalls":
        """The worker room."""
        from penholder._generated.worker import AsyncWorkerCalls

        return AsyncWorkerCalls(self)

    @cached_property
    def workstream(self) -> "AsyncWorkstreamCalls":
        """The workstream room."""
        from penholder._generated.workstream import AsyncWorkstreamCalls

        return AsyncWorkstreamCalls(self)
