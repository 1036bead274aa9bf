"""A daemon's core without its shell: rooms called as plain functions on a store in memory.

`Bench` is what the unit tests drive. It keeps what every method promises of errors by itself: a
call that is refused with an error its method does not declare fails the test.
"""

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import pytest

from penholder_daemon.core import durations, execute
from penholder_daemon.core.caller import CONTROL, RUNTIME, Caller
from penholder_daemon.core.commit import Answer
from penholder_daemon.core.effects import Effect
from penholder_daemon.core.method import Invocation, Kind, Waiting
from penholder_daemon.core.own_calls import daemon_call
from penholder_daemon.core.store import Row, Store
from penholder_daemon.core.transaction import Published, Rx, Tx
from penholder_daemon.core.transaction_store import TransactionStore
from penholder_daemon.core.world import Process
from penholder_daemon.generate.openrpc import errors_of
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.store.database import WriterStore
from penholder_protocol.errors import InternalError, MethodNotFound, PenholderError
from tests.helpers.blobs import encoded
from tests.helpers.compared import ComparedCommitter
from tests.helpers.fakes import INIT, FakeSession, FakeWorld, FaultyStore
from tests.helpers.stores import MEMORY, open_store, tables

T = TypeVar("T")
ErrorT = TypeVar("ErrorT", bound=PenholderError)
Json = Any
"""A decoded answer; tests look into it freely."""

CONTROLLER = Caller(CONTROL, 1000, 50)
DAEMON = Caller(CONTROL, 0, 1)


class Answering(Protocol):
    """Whatever carries calls out: a bench, or a daemon."""

    def call(self, method: str, caller: Caller = CONTROLLER, /, **params: object) -> Json:
        """Carry a call out and return its decoded result, or raise its error."""


class Bench:
    """The core and the rooms on a store in memory, and what they left behind."""

    def __init__(self, path: Path = MEMORY) -> None:
        """Begin with an empty, migrated database."""
        self.world = FakeWorld()
        self.registry = build_registry()
        self.bugs: list[Exception] = []
        self.published: list[Published] = []
        self.effects: list[Effect] = []
        self.open(path)

    def open(self, path: Path) -> None:
        """Put a core onto a database."""
        self.database: WriterStore = open_store(path)
        self.store = FaultyStore(self.database)
        self.begin()

    def begin(self) -> None:
        """Do what a start of the daemon does before it serves."""
        self.committer = ComparedCommitter(
            self.store, self.world, self.registry, lambda _, bug: self.bugs.append(bug)
        )
        durations.resume(self.store, self.world)

    def restart(self) -> None:
        """End the daemon and start it again, with the clocks as they are by now."""
        self.world.restart()
        self.begin()
        self.committer.heartbeat()

    # --- calls --------------------------------------------------------------------------------
    def invocation(
        self, method: str, params: dict[str, object], caller: Caller = CONTROLLER
    ) -> Invocation:
        """Check a call's params, as the shell does before anything else."""
        text = msgspec.json.encode(params)
        return self.registry.require(method).invoke(caller, text, f"req-{method}")

    def call(self, method: str, caller: Caller = CONTROLLER, /, **params: object) -> Json:
        """Carry a call out and return its decoded result, or raise its error."""
        try:
            call = self.invocation(method, params, caller)
            return msgspec.json.decode(self._carry_out(call))
        except PenholderError as refusal:
            self._check_declared(method, refusal)
            raise

    def call_text(self, method: str, caller: Caller, params: bytes) -> bytes:
        """Carry a call out whose params are JSON text, and return its encoded result."""
        try:
            return self._carry_out(self.registry.require(method).invoke(caller, params, "req"))
        except PenholderError as refusal:
            self._check_declared(method, refusal)
            raise

    def _check_declared(self, method: str, refusal: PenholderError) -> None:
        passes_on_any = method == "tx.apply" and "index" in refusal.details
        if passes_on_any or isinstance(refusal, InternalError | MethodNotFound):
            return
        declared = errors_of(self.registry.require(method))
        assert type(refusal) in declared, f"{method} does not declare {type(refusal).__name__}"

    def _carry_out(self, call: Invocation) -> bytes:
        kind = call.method.kind
        if kind is Kind.MUTATION:
            return unwrap(self.run([call])[0])
        if kind is Kind.CLAIM:
            return bytes(self.claim(call).result)
        if kind is Kind.QUERY:
            return execute.query(self.rx(call.caller), call)
        if kind is Kind.WAIT:
            return execute.encode_result(self._look(call).result)
        assert kind is Kind.LOCAL
        found = call.method.handler(FakeSession(self, call.caller), **call.arguments)
        assert isinstance(found, Coroutine)
        return execute.finish_local(at_once(found))

    def run(self, calls: Sequence[Invocation]) -> list[Answer]:
        """Commit a batch and keep what it published and wants done."""
        outcome = self.committer.run(calls)
        self.published += outcome.published
        self.effects += outcome.effects
        return outcome.answers

    def claim(self, call: Invocation) -> execute.Claim:
        """Carry one try of a claiming wait out."""
        return msgspec.json.decode(unwrap(self.run([call])[0]), type=execute.Claim)

    def look(
        self, method: str, caller: Caller = CONTROLLER, /, **params: object
    ) -> Waiting[object]:
        """Carry one look of a wait out."""
        return self._look(self.invocation(method, params, caller))

    def _look(self, call: Invocation) -> Waiting[object]:
        return execute.look(self.rx(call.caller), call)

    def own(self, method: str, /, **arguments: object) -> Json:
        """Carry out one of the daemon's own mutations."""
        return self.own_of(DAEMON, method, **arguments)

    def own_of(self, caller: Caller, method: str, /, **arguments: object) -> Json:
        """Carry one out that the daemon makes for a caller."""
        call = daemon_call(self.registry.methods[method], caller, arguments)
        return msgspec.json.decode(unwrap(self.run([call])[0]))

    def refused(
        self, error: type[ErrorT], method: str, caller: Caller = CONTROLLER, /, **params: object
    ) -> ErrorT:
        """Carry out a call that must be refused, and check that it left nothing behind."""
        before = self.dump()
        entries = len(self.published)
        with pytest.raises(error) as caught:
            self.call(method, caller, **params)
        assert type(caught.value) is error
        assert self.dump() == before, "a refused call changed the database"
        assert len(self.published) == entries, "a refused call published entries"
        return caught.value

    def rx(self, caller: Caller = CONTROLLER) -> Rx:
        """Give a view of the database."""
        return Rx(self.store, self.world, caller)

    def tx(self, caller: Caller = CONTROLLER, store: Store | None = None) -> Tx:
        """Give what a mutation gets, outside of any transaction."""
        own = TransactionStore(store or self.store)
        return Tx(own, self.world, caller, own.ledger, self.committer)

    def dump(self) -> dict[str, list[Row]]:
        """Return every row of every table, but for what each commit may note by itself."""
        return {
            # Sorted: what is taken back may leave rows in another order.
            table: sorted(self.database.rows(f"SELECT * FROM {table}"), key=repr)
            for table in tables(self.database)
            if table != "clock"
        }

    # --- things to start from -----------------------------------------------------------------
    def controller(self, controller_id: str = "c1") -> str:
        """Register a controller without an owner."""
        self.call(
            "controller.register",
            controller_id=controller_id,
            label=controller_id,
            workspace_key=f"/ws/{controller_id}",
        )
        return controller_id

    def owned(self, controller_id: str = "c1", **params: object) -> dict[str, object]:
        """Register a controller, acquire it, and return the fence."""
        self.controller(controller_id)
        return self.acquire(controller_id, **params)

    def acquire(self, controller_id: str = "c1", **params: object) -> dict[str, object]:
        """Acquire a controller and return the fence."""
        handle = self.call("controller.acquire", controller_id=controller_id, **params)
        return {"epoch": handle["epoch"], "token": handle["token"]}

    def worker(
        self, worker_id: object = "w1", controller_id: str = "c1", /, **params: object
    ) -> dict[str, Json]:
        """Make a worker, and its controller if there is none."""
        found = self.database.row(
            "SELECT 1 FROM controllers WHERE controller_id = ?", controller_id
        )
        if found is None:
            self.controller(controller_id)
        needed = {"label": worker_id, "launcher": "shell", "profile": "default", "cwd": "/src"}
        made: dict[str, Json] = self.call(
            "worker.create",
            **{**needed, "worker_id": worker_id, "controller_id": controller_id, **params},
        )
        return made

    def blob(self, data: bytes, caller: Caller = CONTROLLER) -> str:
        """Put a blob and return its id."""
        put = self.call("blob.put", caller, bytes_base64=encoded(data), last=True)
        return str(put["blob_id"])

    def in_state(self, state: str, worker_id: str = "w1") -> None:
        """Put a worker into a state by force."""
        self.call("worker.transition", worker_id=worker_id, to=state, force=True)

    def peer(self, worker_id: str = "w1", pid: int = 700, *above: Process) -> Caller:
        """Connect a new process to a worker's runtime socket."""
        process = self.world.start(pid)
        below_init = (process, *above)
        return Caller(RUNTIME, 1000, pid, worker_id, (*below_init, INIT), below_init)

    def seated(self, worker_id: str = "w1", pid: int = 700) -> Caller:
        """Connect a new process and attach it."""
        peer = self.peer(worker_id, pid)
        self.call("runtime.attach", peer)
        return peer

    def child(self, parent: Caller, pid: int) -> Caller:
        """Connect a new child of a connected process."""
        process = self.world.start(pid)
        lineage, mates = (process, *parent.lineage), (process, *parent.in_session)
        return Caller(RUNTIME, parent.uid, pid, parent.worker_id, lineage, mates)

    def die(self, caller: Caller) -> None:
        """End the process of a caller."""
        self.world.living.discard(caller.lineage[0])

    # --- what was left behind -----------------------------------------------------------------
    def notes(self, controller_id: str = "c1") -> list[tuple[str, dict[str, Json]]]:
        """Return type and data of every entry of a controller's stream."""
        found = self.call("journal.read", streams=[f"controller:{controller_id}"], limit=1000)
        return [(entry["type"], entry["data"]) for entry in found["items"]]

    def note_types(self, controller_id: str = "c1") -> list[str]:
        """Return the types alone."""
        return [type_ for type_, _ in self.notes(controller_id)]


def unwrap(answer: Answer) -> bytes:
    """Return an encoded result, or raise the error."""
    if isinstance(answer, PenholderError):
        raise answer
    return answer


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never really waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("it waits")
