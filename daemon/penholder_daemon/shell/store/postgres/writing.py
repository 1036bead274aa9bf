"""The connection that writes to PostgreSQL, with its committer.

The server may go and come back while the daemon runs. The store connects anew by itself, with the
next transaction; until then mutations are refused and it is tried once a second, also where nobody
writes. No restart is needed, not even where nobody knows whether a commit was made: what the server
holds does not depend on this process, so it is just read again.

Other daemons write to it at the same time. What they have done is looked at once a second, and at
once where the server hints at it (`hints`): entries to be told here (`telling`), and what they have
left for this host to do (`core.elsewhere`). The look also keeps up the beat that all share
(`core.server_clock`), where nobody has written for a while.

After each loss of the connection what is held over this host gets its full time anew
(`others_wrote`), as after any time in which nobody could renew.

Another daemon may have taken this host for gone. Then the row of the host is not what this daemon
has made of it, which is looked at under the lock (`_see_that_host_is_ours`). The batch is refused,
all that was known is forgotten, and the host is registered anew under its next epoch.

A transaction makes a bounded number of savepoints: past 64 the server keeps them elsewhere, and
everybody who reads pays for that.
"""

import select
from collections.abc import Callable, Iterable, Iterator
from time import monotonic, perf_counter
from typing import NamedTuple

import msgspec
import structlog
import trio

from penholder_daemon.core import positions, server_clock
from penholder_daemon.core.commit import Answer, BatchOutcome, Committer, nothing_written
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.shared_settings import Shared, stored
from penholder_daemon.core.store import Row, StoreFault, integer
from penholder_daemon.shell.store.backing import HostCalls, MakeCommitter
from penholder_daemon.shell.store.fault_changes import logged
from penholder_daemon.shell.store.postgres.hints import MOMENT_SECONDS
from penholder_daemon.shell.store.postgres.history import Histories
from penholder_daemon.shell.store.postgres.loop_waiting import LoopHand
from penholder_daemon.shell.store.postgres.patience import Patience
from penholder_daemon.shell.store.postgres.pen import Taken
from penholder_daemon.shell.store.postgres.serving_store import FirstLook, ServingStore
from penholder_daemon.shell.store.postgres.telling import Telling
from penholder_daemon.shell.store.writer_ports import Hub
from penholder_protocol.errors import PenholderError

log = structlog.get_logger()

MOST_SAVEPOINTS = 60
_AGAIN_SECONDS = 1.0
_LOOK_SECONDS = 1.0
_SILENT_SECONDS = 3.0
_MEASURE_SECONDS = 60.0
_LOOK = (
    f"SELECT p.*, EXISTS (SELECT 1 FROM host_effects WHERE host_id = ?1),"
    " (SELECT COUNT(*) FROM hosts WHERE state = 'active' AND host_id <> ?1),"
    " (SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - boottime_ms"
    f" FROM clock) FROM ({positions.LAST}) p"
)
"""How far the journal goes, whether there is something to do, how many others, how old the beat."""
_FENCED = (
    "another daemon has taken this host for gone while the database could not be reached; it is"
    " registered anew"
)
_OTHER_SETTINGS = (
    "the settings of all hosts were changed while the database could not be reached; this host is"
    " registered anew"
)


class Own(NamedTuple):
    """What a daemon knows itself by, and the calls by which it is one of several hosts."""

    host_id: str
    started_at: str
    calls: HostCalls
    settings: Callable[[], Shared]
    """Those that all hosts go by, as they are in force here."""


class PostgresWriting:
    """Implements `WritingConnection`."""

    def __init__(
        self,
        store: ServingStore,
        patience: Patience,
        make_committer: MakeCommitter,
        own: Own,
    ) -> None:
        """Go on from where the journal stands; raises StoreFault."""
        self._patience = patience
        self._store = store
        self._sessions = store.sessions
        self._version = store.data_version
        self._own = own
        self._telling = Telling(store)
        self._histories = Histories(store, own.calls.settle_history)
        self._hand: LoopHand | None = None
        self._is_registered = self._is_fenced = self._owes_agreement = False
        self._is_left = self._is_resting = False
        self._tried_at = self._looked_at = self._hinted_at = 0.0
        self._measured_at = perf_counter()
        self._progressed_at = perf_counter()
        self.database_bytes = _size_of(store)
        store.first_look = FirstLook(own.host_id, self._see)
        self._committer: Committer = make_committer(store)

    def watch(self, hub: Hub, act: Callable[[], object]) -> None:
        """Have something done once when something has come over the connection, or somewhat soon.

        Not right after a look for the same reason: then it is looked once for all of a moment.
        """
        if self._is_resting or self._store.connection.closed:
            return
        rest_seconds = self._hinted_at + MOMENT_SECONDS - perf_counter()
        if rest_seconds > 0:
            self._is_resting = True
            trio.lowlevel.spawn_system_task(self._rest, rest_seconds, act)
        elif self._is_hinted:
            hub.soon(act)
        else:
            hub.when_ready(self._store.connection.fileno(), select.EPOLLIN, act)

    async def _rest(self, seconds: float, act: Callable[[], object]) -> None:
        await trio.sleep(seconds)
        self._is_resting = False
        act()

    def is_hinted(self) -> bool:
        """Take in what has come, and tell whether others have written."""
        self._store.take_in_hints()
        return self._is_hinted

    @property
    def _is_hinted(self) -> bool:
        # While nothing can be looked at, it is tried again once a second and not at every hint.
        return self._has_news and self._committer.fault is None

    @property
    def _has_news(self) -> bool:
        return self._store.is_hinted or self._telling.has_more

    @property
    def progressed_at(self) -> float:
        """When it last got on with something: while the server is at work, that is now."""
        return perf_counter() if self._store.is_waited_for else self._progressed_at

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment."""
        return self._committer.fault or self._silence

    @property
    def _silence(self) -> str | None:
        since = self._store.connection.waits_since
        waited = 0.0 if since is None else monotonic() - since
        return (
            f"PostgreSQL has not answered for {waited:.0f} s" if waited > _SILENT_SECONDS else None
        )

    @property
    def checkpoint_is_due(self) -> bool:
        """The server has its own."""
        return False

    def checkpoint(self) -> None:
        """Do nothing: the server has its own."""

    def in_loop(self, act: Callable[[], None], hub: Hub) -> None:
        """Begin it, and have the hub go on with it whenever the server has answered."""
        if self._hand is None:
            self._hand = LoopHand()
        self._hand.do(act, hub)

    def hurry(self) -> None:
        """Have nobody wait for the server for much longer."""
        self._store.is_hurried = True
        self._patience.end()

    def close(self) -> None:
        """Close the connections."""
        self._store.close()

    def run(
        self,
        batch: Iterable[Invocation],
        answered: Callable[[Answer], None],
        heard_ms: int | None = None,
        *,
        waits: bool = True,
    ) -> BatchOutcome:
        """Commit a batch as `Committer.run` does."""
        del waits  # the loop goes on while it does
        if not self._may_try():
            return nothing_written(batch, self._committer.fault or "")
        return self._done(
            lambda: self._committer.run(self._bounded(batch), answered, heard_ms),
        )

    def heartbeat(self) -> BatchOutcome:
        """See whether writing works again, and what others have done."""
        self._progressed_at = perf_counter()
        if not self._may_try():
            return BatchOutcome([])
        return self._done(self._committer.heartbeat)

    def _may_try(self) -> bool:
        """Whether it is not just now that the server could not be reached."""
        now = perf_counter()
        if not self._store.connection.closed or self._committer.fault is None:
            return True
        if now - self._tried_at < _AGAIN_SECONDS:
            return False
        self._tried_at = now
        return True

    def _bounded(self, batch: Iterable[Invocation]) -> Iterator[Invocation]:
        for call in batch:
            yield call
            # Asked when its work is done: what is not taken now, waits for the next batch.
            if self._store.subtransactions >= MOST_SAVEPOINTS:
                return

    def _done(self, act: Callable[[], BatchOutcome]) -> BatchOutcome:
        outcome = logged(self._committer, act)
        # Before anything else may come over another connection, to what may be another history.
        self._histories.know(outcome.published)
        self._settle_history(outcome)
        if self._is_fenced:
            self._is_fenced = False
            log.warning("this host is registered anew")
            self._join_again(outcome)
        if self._is_left:
            self._add(outcome, [self._own.calls.carry_out])
        self._look(outcome)
        # Once more: what a look has carried out may be the first over another connection.
        self._settle_history(outcome)
        outcome.effects[:0] = self._histories.to_tell()
        looked, self._store.looked = self._store.looked, None
        outcome.published = self._telling.without_a_gap(outcome.published, looked)
        self._histories.know(outcome.published)
        self._progressed_at = perf_counter()
        return outcome

    def join(self) -> str | None:
        """Be one of the hosts at work, or say why that cannot be; raises StoreFault."""
        self._settle_history(BatchOutcome([]))
        return _refusal(self.run([self._own.calls.join], lambda _: None).answers)

    def _join_again(self, outcome: BatchOutcome) -> None:
        """Do the same while serving; to go on beside others by other settings is worse than not."""
        try:
            refused = _refusal(self._add(outcome, [self._own.calls.join]))
        except StoreFault:
            return  # the next transaction finds it as it was
        if refused is None:
            self._owes_agreement = False
            return
        log.error("this host cannot be one of several any more", reason=refused)
        outcome.fatal = True

    def _settle_history(self, outcome: BatchOutcome) -> None:
        """Write what is to come before all else on another history, if this is one."""
        if self._histories.is_owed:
            self._histories.settle(lambda calls: self._add(outcome, calls))

    def _add(self, outcome: BatchOutcome, calls: list[Invocation]) -> list[Answer]:
        """Have calls of this host's own carried out, and add what they came to."""
        again = logged(self._committer, lambda: self._committer.run(calls))
        self._histories.know(again.published)
        outcome.published += again.published
        outcome.effects += again.effects
        return again.answers

    # --- whose host it is ---------------------------------------------------------------------
    def _see(self, taken: Taken) -> None:
        self._is_left = taken.is_left
        self._store.looked = None
        if self._histories.allow(taken.since.pos):
            self._see_that_host_is_ours(taken.host)
        self._store.look_behind = self._telling.look if self._telling.is_behind else None

    def _see_that_host_is_ours(self, found: Row) -> None:
        # Without a lock on its row: under that of all who write nobody else changes it.
        if self._store.sessions != self._sessions:
            self._sessions = self._store.sessions
            self._committer.others_wrote()
            self._owes_agreement = True
        if self._store.data_version != self._version:
            self._version = self._store.data_version
            self._telling.is_behind = True
        if self._is_registered and self._owes_agreement:
            self._see_that_settings_are_theirs()
        if found == ("active", self._own.started_at):
            self._is_registered = True
        elif self._is_registered:
            self._is_registered, self._is_fenced = False, True
            raise StoreFault(_FENCED)

    def _see_that_settings_are_theirs(self) -> None:
        """Refuse to judge by others than are in force: while it was cut off they may have changed.

        While a host is connected nobody changes them, but itself where it is alone.
        """
        if stored(self._store) != self._own.settings():
            self._is_registered, self._is_fenced = False, True
            raise StoreFault(_OTHER_SETTINGS)
        self._owes_agreement = False

    # --- what others have done ----------------------------------------------------------------
    def _look(self, outcome: BatchOutcome) -> None:
        now, is_hinted = perf_counter(), self._has_news
        is_due = is_hinted or now - self._looked_at > _LOOK_SECONDS
        if not is_due or self._committer.fault is not None:
            return
        if is_hinted:
            self._hinted_at = now
        self._store.forget_hints()
        self._looked_at = now
        asked: list[tuple[str, Row]] = [(_LOOK, (self._own.host_id,))]
        if is_hinted:
            asked.append(self._telling.look)
        try:
            [found], *looked = self._store.look(asked)
            self._measure(now)
        except StoreFault:
            # What it is, and that it is told, is the committer's business.
            self._add(outcome, [])
            return
        if looked:
            # Should another transaction begin, it is forgotten.
            [self._store.looked] = looked
        pos, noted_pos, is_left, others, since_beat_ms = found
        self._telling.heard_of(max(integer(pos), integer(noted_pos)))
        self._store.tells_others = bool(others)
        if is_left:
            self._add(outcome, [self._own.calls.carry_out])
        elif since_beat_ms is None or integer(since_beat_ms) >= server_clock.BEAT_MS:
            self._beat(outcome)

    def _beat(self, outcome: BatchOutcome) -> None:
        # Nobody is waiting for it.
        tells, self._store.tells_others = self._store.tells_others, False
        self._add(outcome, [])
        self._store.tells_others = tells

    def _measure(self, now: float) -> None:
        if now - self._measured_at > _MEASURE_SECONDS:
            self._measured_at = now
            self.database_bytes = _size_of(self._store)


def _refusal(answers: list[Answer]) -> str | None:
    """Return why a host may not be one of several; raises StoreFault where that is not known."""
    [answer] = answers
    if isinstance(answer, PenholderError):
        raise StoreFault(str(answer))
    return msgspec.json.decode(answer, type=str | None)


def _size_of(store: ServingStore) -> int:
    [row] = store.rows("SELECT pg_database_size(current_database())")
    return int(str(row[0]))
