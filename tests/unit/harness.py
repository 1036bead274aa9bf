"""A daemon's core without its shell: rooms called as plain functions on a store in memory.

`Bench` is what the unit tests drive. It keeps the house's promises about errors by itself: a call
that is refused with an error its method does not declare fails the test.
"""

from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from msgspec import Raw

from penholder_daemon.core import execute
from penholder_daemon.core.caller import CONTROL, RUNTIME, Caller
from penholder_daemon.core.commit import Answer, Committer
from penholder_daemon.core.effects import Effect
from penholder_daemon.core.registry import Invocation, Kind, Waiting
from penholder_daemon.core.session import Figures
from penholder_daemon.core.store import Row, Store, StoreFault
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Published, Rx
from penholder_daemon.core.world import Process
from penholder_daemon.generate.openrpc import errors_of
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.database import WriterStore, open_writer
from penholder_daemon.shell.timers import daemon_call
from penholder_protocol.errors import InternalError, MethodNotFound, PenholderError
from penholder_protocol.nouns import Subscription

T = TypeVar("T")
ErrorT = TypeVar("ErrorT", bound=PenholderError)
Json = Any
"""A decoded answer; tests look into it freely."""

CONTROLLER = Caller(CONTROL, 1000, 50)
DAEMON = Caller(CONTROL, 0, 1)
INIT = Process(1, 1)


class FakeWorld:
    """Implements `World`: clocks that stand until told, ids that count, processes by list."""

    def __init__(self) -> None:
        """Start at a fixed instant."""
        self.boot_id = "boot-1"
        self.wall_ms = 1_767_225_600_000
        self.uptime_ms = 1_000_000
        self.living: set[Process] = set()
        self.sockets_dir = "/run/penholder/workers"
        self._made: Counter[str] = Counter()

    def pass_ms(self, milliseconds: int) -> None:
        """Let time pass on both clocks."""
        self.wall_ms += milliseconds
        self.uptime_ms += milliseconds

    def now(self) -> str:
        """Return the wall clock as text."""
        return self.time_from_ms(self.wall_ms)

    def now_ms(self) -> int:
        """Return the wall clock."""
        return self.wall_ms

    def monotonic_ms(self) -> int:
        """Return the other clock."""
        return self.uptime_ms

    def time_from_ms(self, wall_ms: int) -> str:
        """Write an instant; enough of a calendar for tests that stay in one month."""
        days, rest = divmod(wall_ms - 1_767_225_600_000, 86_400_000)
        seconds, ms = divmod(rest, 1000)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        return f"2026-01-{days + 1:02d}T{clock}.{ms:03d}Z"

    def new_id(self, prefix: str) -> str:
        """Count, by prefix."""
        self._made[prefix] += 1
        return f"{prefix}{self._made[prefix]}"

    def new_token(self) -> str:
        """Count."""
        return self.new_id("token-")

    def process_lives(self, process: Process, boot_id: str) -> bool:
        """Look into the list."""
        return boot_id == self.boot_id and process in self.living

    def socket_path(self, worker_id: str) -> str:
        """Return a path."""
        return f"{self.sockets_dir}/{worker_id}.sock"

    def start(self, pid: int, parent: Process = INIT) -> Process:
        """Start a process; a pid may come again, with another start time."""
        process = Process(pid, int(self.new_id("")))
        self.living |= {process, parent}
        return process


class FaultyStore:
    """A store that fails at one statement, once, in the way a disk would."""

    def __init__(self, store: Store) -> None:
        """Wrap a store that works."""
        self._store = store
        self._fail_at: str | None = None
        self._fault: Callable[[], Exception] = lambda: StoreFault("the disk is full")
        self._loses_transaction = False

    def fail_at(
        self,
        statement: str,
        *,
        fault: Callable[[], Exception] | None = None,
        loses_transaction: bool = False,
    ) -> None:
        """Fail the next statement that begins so, or hold the transaction lost as well."""
        self._fail_at = statement
        self._fault = fault or (lambda: StoreFault("the disk is full"))
        self._loses_transaction = loses_transaction

    def _meet(self, sql: str) -> None:
        if self._fail_at is None or not sql.startswith(self._fail_at):
            return
        self._fail_at = None
        if self._loses_transaction:
            self._store.run("ROLLBACK")
        raise self._fault()

    def rows(self, sql: str, *values: str | int | float | bytes | None) -> Any:
        """Yield rows, or fail."""
        self._meet(sql)
        return self._store.rows(sql, *values)

    def row(self, sql: str, *values: str | int | float | bytes | None) -> Row | None:
        """Return a row, or fail."""
        self._meet(sql)
        return self._store.row(sql, *values)

    def run(self, sql: str, *values: str | int | float | bytes | None) -> int:
        """Run, or fail."""
        self._meet(sql)
        return self._store.run(sql, *values)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._store.in_transaction


class FakeSession:
    """Implements `Session` without a connection: it remembers what it was asked for."""

    def __init__(self, bench: "Bench", caller: Caller) -> None:
        """Serve one caller of a bench."""
        self.caller = caller
        self.world = bench.world
        self._bench = bench
        self.subscribed: list[tuple[Selection, int | None]] = []
        self.canceled: list[int | str] = []
        self.drain_ms: int | None = None

    async def read(self, look: Callable[[Rx], T]) -> T:
        """Read at once."""
        return look(Rx(self._bench.store, self.world, self.caller))

    async def subscribe(self, selection: Selection, after: int | None) -> Subscription:
        """Remember it."""
        self.subscribed.append((selection, after))
        return Subscription(subscription=f"sub_{len(self.subscribed)}", pos=after or 0)

    def unsubscribe(self, subscription: str) -> bool:
        """Know the first one only."""
        return subscription == "sub_1"

    def cancel_wait(self, request_id: int | str) -> bool:
        """Remember it."""
        self.canceled.append(request_id)
        return request_id == 7

    def figures(self) -> Figures:
        """Return figures that a test can tell."""
        return Figures(
            pid=1,
            started_at=self.world.now(),
            state_dir="/state",
            runtime_dir="/run",
            sqlite_version="3.51.3",
            schema_version=1,
            migration_id="0001_first",
            connections=2,
            subscriptions=3,
            writer_queue=4,
            wal_bytes=5,
            db_bytes=6,
        )

    def openrpc(self) -> Raw:
        """Return a document."""
        return Raw(b'{"openrpc":"1.3.2"}')

    def shut_down(self, drain_ms: int) -> None:
        """Remember it."""
        self.drain_ms = drain_ms


class Bench:
    """The core and the rooms on a store in memory, and what they left behind."""

    def __init__(self) -> None:
        """Begin with an empty, migrated database."""
        self.world = FakeWorld()
        self.database: WriterStore = open_writer(Path(":memory:"))
        self.store = FaultyStore(self.database)
        self.registry = build_registry()
        self.bugs: list[Exception] = []
        self.committer = Committer(
            self.store, self.world, self.registry, lambda _, bug: self.bugs.append(bug)
        )
        self.published: list[Published] = []
        self.effects: list[Effect] = []

    # --- calls --------------------------------------------------------------------------------
    def invocation(
        self, method: str, params: dict[str, object], caller: Caller = CONTROLLER
    ) -> Invocation:
        """Check a call's params, as the shell does before anything else."""
        return self.registry.require(method).invoke(
            caller, Raw(msgspec.json.encode(params)), f"req-{method}"
        )

    def call(self, method: str, caller: Caller = CONTROLLER, **params: object) -> Json:
        """Carry a call out and return its decoded result, or raise its error."""
        try:
            call = self.invocation(method, params, caller)
            return msgspec.json.decode(self._carry_out(call))
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
        match call.method.kind:
            case Kind.MUTATION:
                return unwrap(self.run([call])[0])
            case Kind.QUERY:
                return execute.query(self.rx(call.caller), call)
            case Kind.WAIT:
                return execute.encode_result(self._look(call).result)
            case Kind.LOCAL:
                found = call.method.handler(FakeSession(self, call.caller), **call.arguments)
                assert isinstance(found, Coroutine)
                return execute.encode_result(at_once(found))

    def run(self, calls: Sequence[Invocation]) -> list[Answer]:
        """Commit a batch and keep what it published and wants done."""
        outcome = self.committer.run(calls)
        self.published += outcome.published
        self.effects += outcome.effects
        return outcome.answers

    def look(self, method: str, caller: Caller = CONTROLLER, **params: object) -> Waiting[object]:
        """Carry one look of a wait out."""
        return self._look(self.invocation(method, params, caller))

    def _look(self, call: Invocation) -> Waiting[object]:
        return execute.look(self.rx(call.caller), call)

    def own(self, method: str, **arguments: object) -> Json:
        """Carry out one of the daemon's own mutations."""
        call = daemon_call(self.registry.methods[method], DAEMON, arguments)
        return msgspec.json.decode(unwrap(self.run([call])[0]))

    def refused(
        self, error: type[ErrorT], method: str, caller: Caller = CONTROLLER, **params: object
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

    def dump(self) -> dict[str, list[Row]]:
        """Return every row of every table."""
        rows = self.database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
        tables = [str(row[0]) for row in rows]
        return {table: list(self.database.rows(f"SELECT * FROM {table}")) for table in tables}

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
        self, worker_id: str = "w1", controller_id: str = "c1", **params: object
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

    def in_state(self, state: str, worker_id: str = "w1") -> None:
        """Put a worker into a state by force."""
        self.call("worker.transition", worker_id=worker_id, to=state, force=True)

    def peer(self, worker_id: str = "w1", pid: int = 700, *above: Process) -> Caller:
        """Connect a new process to a worker's runtime socket."""
        process = self.world.start(pid)
        return Caller(RUNTIME, 1000, pid, worker_id, (process, *above, INIT))

    def seated(self, worker_id: str = "w1", pid: int = 700) -> Caller:
        """Connect a new process and attach it."""
        peer = self.peer(worker_id, pid)
        self.call("runtime.attach", peer)
        return peer

    def child(self, parent: Caller, pid: int) -> Caller:
        """Connect a new child of a connected process."""
        process = self.world.start(pid)
        return Caller(RUNTIME, parent.uid, pid, parent.worker_id, (process, *parent.lineage))

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


def raw(value: object) -> Raw:
    """Encode params."""
    return Raw(msgspec.json.encode(value))
