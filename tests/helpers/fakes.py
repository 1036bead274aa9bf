"""What the core gets in place of the outside: clocks, ids, processes, a disk, a connection."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Raw

from penholder_daemon.core.blobs import Kept
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.clocks import Clocks
from penholder_daemon.core.rules import Rules
from penholder_daemon.core.session import Figures
from penholder_daemon.core.store import Known, Row, Since, SqlValue, Store, StoreFault, Write
from penholder_daemon.core.store_over import StoreOver
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import Process
from penholder_protocol.nouns import Backup, Finding, Subscription, Upload
from tests.helpers.blobs import id_of

if TYPE_CHECKING:
    from tests.helpers.harness import Bench

T = TypeVar("T")
INIT = Process(1, 1)


class FakeWorld:
    """Implements `World`: clocks that stand until told, ids that count, processes by list."""

    def __init__(self) -> None:
        """Start at a fixed instant."""
        self.rules = Rules()
        self.host_id = "host_0123456789abcdef"
        self.boot_id = "boot-1"
        self.wall_ms = 1_767_225_600_000
        self.uptime_ms = 1_000_000
        self.suspended_ms = 0
        self.clocks = Clocks()
        self.started_at = self.now()
        self.living: set[Process] = set()
        self.sockets_dir = "/run/penholder/workers"
        self._made: Counter[str] = Counter()
        self._made_ms: dict[str, int] = {}
        self._positions: dict[str, int] = {}
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, bytes] = {}

    def pass_ms(self, milliseconds: int) -> None:
        """Let time pass on all clocks."""
        self.wall_ms += milliseconds
        self.uptime_ms += milliseconds

    def suspend(self, milliseconds: int) -> None:
        """Let the machine sleep."""
        self.wall_ms += milliseconds
        self.suspended_ms += milliseconds

    def set_wall(self, by_ms: int) -> None:
        """Set the wall clock forward, or back."""
        self.wall_ms += by_ms

    def restart(self) -> None:
        """Have the daemon's process be a new one."""
        self.clocks = Clocks()
        self.started_at = self.now()

    def reboot(self, off_ms: int = 0) -> None:
        """Start the machine anew after it was off for so long."""
        self.wall_ms += off_ms
        self.uptime_ms, self.suspended_ms = 5_000, 0
        self.boot_id = f"{self.boot_id}+"
        self.restart()

    def now(self) -> str:
        """Return the wall clock as text."""
        return self.time_from_ms(self.now_ms())

    def now_ms(self) -> int:
        """Return the wall clock, that of all hosts where they share one."""
        shared_ms = self.clocks.shared_wall_ms
        return self.wall_ms if shared_ms is None else self.boottime_ms() + shared_ms

    def monotonic_ms(self) -> int:
        """Return the clock that stands still in a suspend."""
        return self.uptime_ms

    def boottime_ms(self) -> int:
        """Return the clock that does not."""
        return self.uptime_ms + self.suspended_ms

    def time_from_ms(self, wall_ms: int) -> str:
        """Write an instant; enough of a calendar for tests that stay in one month."""
        days, rest = divmod(wall_ms - 1_767_225_600_000, 86_400_000)
        seconds, ms = divmod(rest, 1000)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        return f"2026-01-{days + 1:02d}T{clock}.{ms:03d}Z"

    def ms_from_time(self, time: str) -> int:
        """Read an instant."""
        days, clock = int(time[8:10]) - 1, time[11:-1].split(":")
        seconds = (days * 24 + int(clock[0])) * 3600 + int(clock[1]) * 60
        return 1_767_225_600_000 + seconds * 1000 + round(float(clock[2]) * 1000)

    def new_id(self, prefix: str) -> str:
        """Count, by prefix."""
        self._made[prefix] += 1
        made_id = f"{prefix}{self._made[prefix]}"
        self._made_ms[made_id] = self.now_ms()
        return made_id

    def entry_id(self, prefix: str, pos: int) -> str:
        """Count on, and remember of which position it is."""
        made = self.new_id(prefix)
        self._positions[made] = pos
        return made

    def entry_pos(self, entry_id: str) -> int | None:
        """Look it up."""
        return self._positions.get(entry_id)

    def made_ms(self, made_id: str) -> int | None:
        """Look it up."""
        return self._made_ms.get(made_id)

    def new_token(self) -> str:
        """Count."""
        return self.new_id("token-")

    def process_lives(self, process: Process, boot_id: str) -> bool:
        """Look into the list."""
        return boot_id == self.boot_id and process in self.living

    def socket_path(self, worker_id: str) -> str:
        """Return a path."""
        return f"{self.sockets_dir}/{worker_id}.sock"

    def read_blob(self, blob_id: str, offset: int, limit: int) -> bytes | None:
        """Read it out of what was put."""
        found = self.blobs.get(blob_id)
        return None if found is None else found[offset : offset + limit]

    def start(self, pid: int, parent: Process = INIT) -> Process:
        """Start a process; a pid may come again, with another start time."""
        process = Process(pid, int(self.new_id("")))
        self.living |= {process, parent}
        return process


class FaultyStore(StoreOver):
    """A store that fails at one statement, once, in the way a disk would."""

    def __init__(self, store: Store) -> None:
        """Wrap a store that works."""
        super().__init__(store)
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

    def holds_bytes(self, blob_id: str) -> bool:
        """Say so: the bytes of these blobs are in memory."""
        del blob_id  # it is the same of each
        return True

    def probe(self) -> None:
        """Pass it on, or fail."""
        self._meet("probe")
        self._store.probe()

    def _meet(self, sql: str) -> None:
        if self._fail_at is None or not sql.startswith(self._fail_at):
            return
        self._fail_at = None
        if self._loses_transaction and self._store.in_transaction:
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

    def run_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run for each row, or fail."""
        self._meet(sql)
        self._store.run_many(sql, rows)

    def begin_writing(self, known_pos: int | None) -> Since | None:
        """Begin, or fail."""
        self._meet("BEGIN IMMEDIATE")
        return self._store.begin_writing(known_pos)

    def commit_with(self, writes: Sequence[Write], pos: int | None) -> None:
        """Run these and commit, or fail at one of them."""
        for sql, _ in writes:
            self._meet(sql)
        self._meet("COMMIT")
        self._store.commit_with(writes, pos)

    def known(self, known: Known[T], *values: SqlValue) -> T | None:
        """Read, or fail."""
        self._meet(known.sql)
        return self._store.known(known, *values)


class FakeSession:
    """Implements `Session` without a connection: it remembers what it was asked for.

    It stands for the daemon behind the connection, too: `DaemonOperations`.
    """

    def __init__(self, bench: "Bench", caller: Caller) -> None:
        """Serve one caller of a bench."""
        self.caller = caller
        self.world = bench.world
        self._bench = bench
        self.subscribed: list[tuple[Selection, int | None]] = []
        self.checks: list[Callable[[Rx], None] | None] = []
        self.canceled: list[int | str] = []
        self.store_fault: str | None = None
        self.drain_ms: int | None = None

    @property
    def daemon(self) -> "FakeSession":
        """Be asked here, too."""
        return self

    @property
    def blobs(self) -> "FakeBlobs":
        """Put blobs into memory."""
        return FakeBlobs(self._bench, self.caller)

    async def read(self, look: Callable[[Rx], T]) -> T:
        """Read at once."""
        return look(Rx(self._bench.store, self.world, self.caller))

    async def subscribe(
        self, selection: Selection, after: int | None, check: Callable[[Rx], None] | None
    ) -> Subscription:
        """Remember it."""
        self.subscribed.append((selection, after))
        self.checks.append(check)
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
            host_id=self.world.host_id,
            host_name=self.world.rules.host_name,
            state_dir="/state",
            runtime_dir="/run",
            adapter="sqlite",
            store="/state/penholder.db",
            sqlite_version="3.51.3",
            schema_version=1,
            migration_id="0001_first",
            connections=2,
            subscriptions=3,
            writer_queue=4,
            held_bytes=7,
            held_bytes_limit=8,
            unserved_workers=0,
            store_fault=self.store_fault,
            wal_bytes=5,
            db_bytes=6,
            pos=0,
        )

    def openrpc(self) -> Raw:
        """Return a document."""
        return Raw(b'{"openrpc":"1.3.2"}')

    def config(self) -> Raw:
        """Return settings."""
        return Raw(b'{"drain_ms":5000}')

    def metrics(self, workers: dict[str, int], blobs: Kept | None) -> str:
        """Return what a test can tell."""
        if blobs is None:
            return f"workers {workers}"
        return f"workers {workers}, blobs {blobs.number} of {blobs.used_bytes} bytes"

    async def verify(self, *, deep: bool) -> list[Finding]:
        """Find something only if asked to look deep."""
        return [Finding(check="fake", detail="deep")] if deep else []

    async def backup(self, path: str | None, keep_last: int | None) -> Backup:
        """Copy nothing."""
        removed = [] if keep_last is None else [f"all but {keep_last}"]
        return Backup(
            path=path or "/state/backups/new.db", bytes=1, blob_bytes=0, pos=2, removed=removed
        )

    def shut_down(self, drain_ms: int) -> None:
        """Remember it."""
        self.drain_ms = drain_ms


class FakeBlobs:
    """Implements `Blobs` as far as its callers are right; what they do wrong is not noticed."""

    def __init__(self, bench: "Bench", caller: Caller) -> None:
        """Put for one caller of a bench."""
        self._bench = bench
        self._caller = caller

    async def put(
        self, upload_id: str | None, offset: int, data: bytes, *, last: bool, stored_bytes: int
    ) -> Upload:
        """Add a part, and with the last one make the row."""
        assert stored_bytes >= 0
        world = self._bench.world
        upload_id = upload_id or world.new_id("up_")
        held = world.uploads[upload_id] = world.uploads.get(upload_id, b"")[:offset] + data
        blob_id = id_of(held) if last else None
        if blob_id is not None:
            world.blobs[blob_id] = held
            self._bench.own_of(self._caller, "blob.keep", blob_id=blob_id, size=len(held))
        return Upload(upload_id=upload_id, blob_id=blob_id, size=len(held))


class Listening(FaultyStore):
    """A store that asks for the plan of every statement."""

    def __init__(self, store: Store) -> None:
        """Hear of nothing yet."""
        super().__init__(store)
        self.plans: list[tuple[str, list[str]]] = []

    def row(self, sql: str, *values: SqlValue) -> Row | None:
        """Keep the plan and run the statement."""
        plan = self.rows(f"EXPLAIN QUERY PLAN {sql}", *values)
        self.plans.append((sql, [str(step[3]) for step in plan]))
        return super().row(sql, *values)
