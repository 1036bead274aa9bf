"""Every method and room that this release knows. Made by `python -m penholder_daemon.generate`; do not edit."""

from functools import cached_property
from typing import TYPE_CHECKING, Final

from penholder._calls import AsyncCaller, Caller

if TYPE_CHECKING:
    from penholder._generated.approval import AsyncApprovalCalls, ApprovalCalls
    from penholder._generated.controller import AsyncControllerCalls, ControllerCalls
    from penholder._generated.daemon import AsyncDaemonCalls, DaemonCalls
    from penholder._generated.event import AsyncEventCalls, EventCalls
    from penholder._generated.handoff import AsyncHandoffCalls, HandoffCalls
    from penholder._generated.journal import AsyncJournalCalls, JournalCalls
    from penholder._generated.rpc import AsyncRpcCalls, RpcCalls
    from penholder._generated.runtime import AsyncRuntimeCalls, RuntimeCalls
    from penholder._generated.tx import AsyncTxCalls, TxCalls
    from penholder._generated.worker import AsyncWorkerCalls, WorkerCalls

METHODS: Final = frozenset({
    "approval.cancel",
    "approval.decide",
    "approval.get",
    "approval.list",
    "approval.request",
    "approval.wait",
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
    "journal.position",
    "journal.read",
    "journal.subscribe",
    "journal.unsubscribe",
    "journal.wait",
    "rpc.cancel",
    "rpc.discover",
    "rpc.hello",
    "rpc.ping",
    "runtime.attach",
    "runtime.detach",
    "runtime.status",
    "tx.apply",
    "worker.clear_endpoint",
    "worker.create",
    "worker.get",
    "worker.heartbeat",
    "worker.list",
    "worker.remove",
    "worker.set_endpoint",
    "worker.set_session",
    "worker.set_turn",
    "worker.stop",
    "worker.transition",
})
"""Every method."""
KEYED: Final = frozenset({
    "approval.cancel",
    "approval.decide",
    "approval.request",
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
    "runtime.attach",
    "runtime.detach",
    "tx.apply",
    "worker.clear_endpoint",
    "worker.create",
    "worker.heartbeat",
    "worker.remove",
    "worker.set_endpoint",
    "worker.set_session",
    "worker.set_turn",
    "worker.stop",
    "worker.transition",
})
"""Methods that take an idempotency key."""
WAITS: Final = frozenset({
    "approval.wait",
    "event.wait",
    "journal.wait",
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
    def journal(self) -> "JournalCalls":
        """The journal room."""
        from penholder._generated.journal import JournalCalls

        return JournalCalls(self)

    @cached_property
    def rpc(self) -> "RpcCalls":
        """The rpc room."""
        from penholder._generated.rpc import RpcCalls

        return RpcCalls(self)

    @cached_property
    def runtime(self) -> "RuntimeCalls":
        """The runtime room."""
        from penholder._generated.runtime import RuntimeCalls

        return RuntimeCalls(self)

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


class AsyncRooms(AsyncCaller):
    """The rooms as attributes of a client."""

    @cached_property
    def approval(self) -> "AsyncApprovalCalls":
        """The approval room."""
        from penholder._generated.approval import AsyncApprovalCalls

        return AsyncApprovalCalls(self)

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
    def journal(self) -> "AsyncJournalCalls":
        """The journal room."""
        from penholder._generated.journal import AsyncJournalCalls

        return AsyncJournalCalls(self)

    @cached_property
    def rpc(self) -> "AsyncRpcCalls":
        """The rpc room."""
        from penholder._generated.rpc import AsyncRpcCalls

        return AsyncRpcCalls(self)

    @cached_property
    def runtime(self) -> "AsyncRuntimeCalls":
        """The runtime room."""
        from penholder._generated.runtime import AsyncRuntimeCalls

        return AsyncRuntimeCalls(self)

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
