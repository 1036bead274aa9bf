"""The writer's core: a batch of mutations in one transaction, and one commit.

Why a batch: a sync takes longer than a mutation, and one sync makes any number of them durable.
Group commit needs no timer: whoever calls hands over what arrived while the last commit ran. This
core does not know whether it runs on a thread of its own or inline in a loop.

Neighbours in a batch must not notice each other but as if they had come one after another. So a
refusal takes back what its call did (`TransactionStore`): what it wrote, published and wanted done
is gone, and the others stand. A refusal is answered after the commit all the same, since it may
rest on what a neighbour wrote.

What can go wrong, from the least to the worst; each is told to exactly those whom it concerns:

- A handler refuses, has a bug, or one statement fails while the transaction stays open: that call.
- Rows that waited for the end of the batch cannot be written: whose they are. The batch is rolled
  back and run again, each call in a transaction of its own (`_run_singly`).
- The transaction is lost, cannot be begun or committed: every call of the batch. Nothing was
  written and nothing is published. SQLite may end a transaction by itself within a statement, so
  whether it is still open is asked after each call, also after one that succeeded.
- After an I/O error, a rollback that failed, or a bug outside of any handler nobody knows what is
  on the disk: every call is told so, and the daemon must exit. Trying again would be worse than
  stopping: after a sync that failed the kernel may take its pages for written, so the next commit
  would succeed on top of one that is not there. Nothing more is written in this process
  (`_has_failed`); the next one renews the log before it builds on it. Not so where a server keeps
  the database (`Store.is_shared`): what is stored there it knows, so the daemon goes on.

What is owed is paid in the transaction that commits, and stays owed if that is lost: full time for
all leases after a start or suspend (`_owes_grace`), and where the clocks stand (`_owes_mark`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from penholder_daemon.core import durations, execute, leases, server_clock
from penholder_daemon.core.budget import Metered
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.effects import Effect
from penholder_daemon.core.method import Invocation, Kind
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.store import Store, StoreBusy, StoreFault
from penholder_daemon.core.transaction import Published, Tx
from penholder_daemon.core.transaction_store import TransactionStore
from penholder_daemon.core.world import World
from penholder_protocol.errors import InternalError, InvalidParams, PenholderError, StoreFailed

Answer: TypeAlias = bytes | PenholderError
"""The encoded result of a call, or why it was refused."""
ReportBug: TypeAlias = Callable[[Invocation | None, Exception], None]
"""Hears of a bug, and in which call, where that is known."""

_MARK_EVERY_MS = 60_000
"""How often it is stored where the clocks stand, with what is written anyway."""
NOTHING_WRITTEN = "nothing_written"
UNKNOWN = "unknown"


@dataclass
class BatchOutcome:
    """What came of a batch. `fatal`: after an I/O error nobody knows; the daemon must exit."""

    answers: list[Answer]
    published: list[Published] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    fatal: bool = False
    ran_ms: int = 0
    """How long its handlers took, all together."""
    synced_ms: int = 0
    """How long its commit took, which is the disk's time."""


def _unheard(_: Answer) -> None:
    """Tell nobody what came of a call."""


class Committer:
    """Runs batches against the one writing connection."""

    def __init__(
        self, store: Store, world: World, registry: Registry, report_bug: ReportBug
    ) -> None:
        """Bind the ports; `report_bug` hears of exceptions that no handler should raise."""
        self._store = TransactionStore(store)
        self._metered = Metered(self._store)
        self._world = world
        self._registry = registry
        self._report_bug = report_bug
        self._beat = leases.Beat(world)
        self._suspends = leases.SuspendDetector(world)
        self._marked_ms = world.boottime_ms() - _MARK_EVERY_MS
        self._owes_mark = True
        # While the daemon was down nobody could renew.
        self._owes_grace = True
        self._owes_scales = False
        self._has_failed = False
        self.fault: str | None = None
        """Why the newest batch could not be written; None when it could."""

    def differences(self) -> Iterator[str]:
        """Say where what is held in memory is not what is stored; between two batches."""
        return self._store.differences()

    def others_wrote(self) -> None:
        """Another daemon may have written since, by clocks of its own: they are not this one's.

        Told within a transaction that begins. Where the scales stand is found anew, and every lease
        gets its full time on them.
        """
        self._owes_grace = self._owes_scales = True

    def heartbeat(self) -> BatchOutcome:
        """Note that the writer is alive though it has nothing to do; see whether it can write."""
        self._hear()
        if self._owes_grace or self.fault is not None:
            return self.run([])
        return BatchOutcome([], fatal=self._has_failed)

    def _hear(self) -> None:
        """Note that the writer goes on; what kept it from that is no time of any lease.

        Nor is the time in which nothing could be written: whoever would renew was refused.
        """
        if self.fault is None:
            self._beat.beat()
        else:
            # No beat: the gap goes on from when writing was last possible.
            self._beat.look()
        stalled = self._world.clocks.count_stalls()
        # On a scale that others see, too, the stall of one host is no time that stands still.
        self._owes_grace |= self._store.server_ms is not None and stalled
        self._owes_grace |= self._suspends.was_suspended()
        self._owes_mark = self._world.boottime_ms() - self._marked_ms >= _MARK_EVERY_MS

    def run(
        self,
        batch: Iterable[Invocation],
        answered: Callable[[Answer], None] = _unheard,
        heard_ms: int | None = None,
        *,
        waits: bool = True,
    ) -> BatchOutcome:
        """Commit a batch: what succeeded is durable when this returns, in the order given.

        Calls are taken from the batch one after another while it runs, and `answered` hears what
        came of each before the next is taken, so that a batch can end when it has cost enough.
        `heard_ms` is since when the first of those that wait does (CLOCK_MONOTONIC): whether a
        lease ran out is judged as of then, since its holder may be the one who waits. Unless this
        `waits`, StoreBusy is raised where another has the lock, and nothing was taken.
        """
        taken: list[Invocation] = []
        calls = iter(batch)
        if self._has_failed:
            fault = StoreFault("the daemon is about to exit after an I/O error")
            return self._fail(list(calls), fault)
        self._hear()
        try:
            self._begin()
            begun_ms = self._world.monotonic_ms()
            outcome = self._run_all(calls, taken, answered, heard_ms)
            ran_ms = self._world.monotonic_ms()
            self._store.commit()
        except Exception as error:
            if isinstance(error, StoreBusy) and not waits and not taken:
                raise
            # Those that were not taken yet are of this batch, too.
            return self._come_to_terms([*taken, *calls], error, heard_ms)
        # Only now: a start or resume of which a lost transaction knew must be made good yet.
        self._owes_grace = self._owes_scales = False
        if self._owes_mark:
            self._marked_ms = self._world.boottime_ms()
        self.fault = None
        outcome.ran_ms = ran_ms - begun_ms
        outcome.synced_ms = self._world.monotonic_ms() - ran_ms
        return outcome

    def _begin(self) -> None:
        self._store.begin()
        server_ms = self._store.server_ms
        if server_ms is None:
            self._go_by_own_clock()
        else:
            server_clock.follow(self._store, self._world, server_ms)
            if self._owes_grace:
                leases.renew_own(self._store, self._world)
        if self.fault is not None:
            # A batch without calls writes nothing by itself, and its commit would prove nothing.
            self._store.probe()

    def _go_by_own_clock(self) -> None:
        durations.resume(self._store, self._world, is_anew=self._owes_scales)
        if self._owes_grace:
            leases.renew_all(self._store, self._world)
        if self._owes_mark:
            durations.mark(self._store, self._world)

    def _run_all(
        self,
        calls: Iterable[Invocation],
        taken: list[Invocation],
        answered: Callable[[Answer], None],
        heard_ms: int | None,
    ) -> BatchOutcome:
        outcome = BatchOutcome([])
        tx: Tx | None = None
        for call in calls:
            taken.append(call)
            store: Store = self._store
            # What callers ask for is counted; the daemon's own work comes in slices.
            if call.method.sockets:
                store = self._metered
                self._metered.begin(is_bulk=call.method.is_bulk)
            if tx is None:
                tx = Tx(store, self._world, call.caller, self._store.ledger, self)
                tx.heard_ms = heard_ms
                outcome.published, outcome.effects = tx.published, tx.effects
            tx.begin(store, call.caller, call.request_id)
            answer = self._run_one(tx, call)
            outcome.answers.append(answer)
            answered(answer)
        return outcome

    def _run_one(self, tx: Tx, call: Invocation) -> Answer:
        """Run one call; its refusal leaves its neighbours alone."""
        self._store.begin_call()
        try:
            answer: Answer = execute.mutate(tx, call)
            # Once more: the last few statements were not looked at yet.
            if tx.store is self._metered:
                self._metered.check()
        except PenholderError as refusal:
            # Its traceback leads to this frame, and this frame to it: a circle that only a
            # collection of garbage would end, of which a pipeline of refusals has thousands.
            answer = refusal.with_traceback(None)
        except StoreFault as fault:
            if fault.outcome_unknown or not self._store.is_open:
                raise
            answer = _store_failed(str(fault), NOTHING_WRITTEN)
        except Exception as bug:  # noqa: BLE001 - a bug in one handler must not stop the writer
            self._report_bug(call, bug)
            answer = InternalError()
        if not self._store.is_open:
            raise StoreFault(f"{call.method.name} ended the transaction of its batch")
        if isinstance(answer, PenholderError):
            self._store.undo_call()
            tx.undo()
        else:
            self._store.end_call()
        return answer

    def bare_params(self, caller: Caller, name: str, params: bytes) -> bytes:
        """Return params of a call of tx.apply without nulls that stand for nothing."""
        method = self._registry.methods.get(name)
        if method is None or caller.socket not in method.sockets:
            return params
        return method.params_on(caller.socket).without_nulls(params)

    def run_call(self, tx: Tx, name: str, params: bytes) -> bytes:
        """Run a call of tx.apply."""
        method = self._registry.require(name)
        if method.kind is not Kind.MUTATION or name == "tx.apply":
            raise InvalidParams(f"{name!r} is not a mutation; tx.apply takes mutations only")
        return execute.mutate(tx, method.invoke(tx.caller, params, tx.request_id))

    def _come_to_terms(
        self, batch: Sequence[Invocation], error: Exception, heard_ms: int | None
    ) -> BatchOutcome:
        """Say what becomes of a batch that could not be committed as it is."""
        is_torn = self._store.ledger.is_torn
        if not isinstance(error, StoreFault):
            self._report_bug(batch[0] if batch else None, error)
            # Of rows that could not be written it is known that they are not; of any other bug
            # outside of a handler nobody knows what it left: as after an I/O error.
            error = StoreFault(repr(error), outcome_unknown=not is_torn)
        outcome = self._fail(batch, error)
        if is_torn and len(batch) > 1 and not outcome.fatal:
            # One row is enough to fail all that were to be written with it.
            return self._run_singly(batch, heard_ms)
        return outcome

    def _run_singly(self, batch: Sequence[Invocation], heard_ms: int | None) -> BatchOutcome:
        """Run each call of a batch in a transaction of its own: only whom it concerns fails."""
        whole = BatchOutcome([])
        for call in batch:
            outcome = self.run([call], heard_ms=heard_ms)
            whole.answers += outcome.answers
            whole.published += outcome.published
            whole.effects += outcome.effects
            whole.fatal |= outcome.fatal
            whole.ran_ms += outcome.ran_ms
            whole.synced_ms += outcome.synced_ms
        return whole

    def _fail(self, batch: Sequence[Invocation], fault: StoreFault) -> BatchOutcome:
        """Fail every request of a batch whose transaction is lost; publish nothing."""
        if self._store.is_shared:
            # What a server holds does not depend on what this process did: it is read anew.
            self._store.roll_back_at_server()
        elif fault.outcome_unknown:
            # Where nobody knows what is on the disk, nothing more is done to it, not even undone.
            self._store.lose()
        else:
            try:
                self._store.roll_back()
            except StoreFault as worse:
                fault = StoreFault(str(worse), outcome_unknown=True)
        self._has_failed |= fault.outcome_unknown and not self._store.is_shared
        self.fault = str(fault)
        outcome = UNKNOWN if fault.outcome_unknown else NOTHING_WRITTEN
        failed: list[Answer] = [_store_failed(str(fault), outcome) for _ in batch]
        return BatchOutcome(failed, fatal=self._has_failed)


def nothing_written(batch: Iterable[Invocation], reason: str) -> BatchOutcome:
    """Refuse a batch that could not even be begun."""
    return BatchOutcome([_store_failed(reason, NOTHING_WRITTEN) for _ in batch])


def _store_failed(reason: str, outcome: str) -> StoreFailed:
    told = (
        "nothing was written"
        if outcome == NOTHING_WRITTEN
        else "the outcome is unknown; send it again under its idempotency key"
    )
    return StoreFailed(f"the store failed ({reason}): {told}", outcome=outcome, reason=reason)
