"""The writing connection with its committer, or why there is none for now.

A database that can be read but not opened for writing (the disk is full or read-only, or has no
inode left) is served all the same: queries are answered, every mutation is refused with
STORE_FAILED, and opening is tried again until it works. Nobody has to restart anything.

That SQLite opens a file says little: on a full disk it opens, and fails at the first commit. So
opening ends with a write that changes nothing (`_try_out`), and only then is there a committer.
While there is none, whoever writes has opening tried again, and the heartbeat does where nobody
writes, once a second at most. A try is made under the lock of `ShmGate`, when no reader has a
connection.

Nothing is written either while its files are not where the next start will look for them, or not
as they were left (`FileGuard`).

While nothing can be written the committer's beat stands: that is no time of any lease.

The watchdog hears when there was progress last. A long statement is progress as long as it runs, as
SQLite says in between; else a large mutation would be taken for a writer that hangs.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter

import structlog

from penholder_daemon.core.commit import Answer, BatchOutcome, Committer, nothing_written
from penholder_daemon.core.hosts import disown_before
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.store import Store, StoreBusy, StoreFault
from penholder_daemon.shell.disk import backups
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.fault_changes import logged
from penholder_daemon.shell.store.file_guard import FileGuard
from penholder_daemon.shell.store.opening import (
    UnusableDatabase,
    UnwritableDatabase,
    is_readable,
    open_writer,
)
from penholder_daemon.shell.store.shm_gate import ShmGate
from penholder_daemon.shell.store.writer_ports import Hub

log = structlog.get_logger()

_TRY_AGAIN_SECONDS = 1.0


class WriterConnection:
    """Writes batches while it can. Opened by the main thread, used by the writer's."""

    def __init__(
        self,
        path: Path,
        gate: ShmGate,
        make_committer: Callable[[Store], Committer],
        host_id: str,
    ) -> None:
        """Open the database; raises UnusableDatabase if it can be neither written nor read.

        What is in it is of the host `host_id` from then on.
        """
        self._path = path
        self._host_id = host_id
        self._gate = gate
        self._make_committer = make_committer
        self._guard: FileGuard | None = None
        self._committer: Committer | None = None
        self._why_closed = ""
        self.progressed_at = perf_counter()
        """When it last got on with something; a long statement counts while it runs."""
        try:
            self._open()
        # Only what may pass, and only where queries can be answered: else there is nothing to
        # serve.
        except UnwritableDatabase as unwritable:
            if not is_readable(path):
                raise
            log.error("writes are refused, reads go on", reason=str(unwritable))
            self._why_closed = str(unwritable)
        self._tried_at = perf_counter()

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment; None if nothing is known to be wrong."""
        if self._guard is not None and self._guard.fault is not None:
            return self._guard.fault
        return self._why_closed if self._committer is None else self._committer.fault

    def run(
        self,
        batch: Iterable[Invocation],
        answered: Callable[[Answer], None],
        heard_ms: int | None = None,
        *,
        waits: bool = True,
    ) -> BatchOutcome:
        """Commit a batch as `Committer.run` does, or refuse it.

        Another program may have the write lock, though none should; or there is no committer, and
        to open the database may take as long as an upgrade. Unless this waits for either, StoreBusy
        is raised and nothing was taken from the batch.
        """
        self._progress()
        if self._committer is None and not waits:
            raise StoreBusy(self._why_closed)
        committer = self._committer or self._open_again()
        if committer is None:
            return nothing_written(batch, self._why_closed)
        assert self._guard is not None
        if (fault := self._guard.look()) is not None:
            return nothing_written(batch, fault)
        self._guard.store.wait_for_others(waits)
        outcome = logged(committer, lambda: committer.run(batch, answered, heard_ms, waits=waits))
        self._progress()
        return outcome

    def watch(self, hub: Hub, act: Callable[[], object]) -> None:
        """Do nothing: nobody else writes."""

    def is_hinted(self) -> bool:
        """Nobody else writes."""
        return False

    def in_loop(self, act: Callable[[], None], hub: Hub) -> None:
        """Do it: what may take long is not done in the loop."""
        del hub  # nothing is waited for
        act()

    def hurry(self) -> None:
        """Do nothing: nobody but the disk is waited for."""

    def heartbeat(self) -> BatchOutcome:
        """Do what is to be done when nobody writes: see whether writing works again."""
        self._progress()
        committer = self._committer or self._open_again()
        if committer is None or (self._guard is not None and self._guard.look() is not None):
            return BatchOutcome([])
        return logged(committer, committer.heartbeat)

    @property
    def checkpoint_is_due(self) -> bool:
        """Whether the log has grown so much that it should be moved."""
        return self._guard is not None and self._guard.store.checkpoint_is_due(perf_counter())

    def checkpoint(self) -> None:
        """Move the write-ahead log into the database if it is due; raises StoreFault."""
        if self._guard is None or self._guard.is_given_up:
            return
        is_large = self._guard.store.checkpoint_if_due(perf_counter())
        # Each time: readers hold back until they hear that it is over.
        self._gate.breather.ask(is_large and not self._guard.is_given_up)
        self._progress()

    def close(self) -> None:
        """Close the connection; the log is moved into the database, if that is what it was."""
        if self._guard is None:
            return
        store = self._guard.store
        self._guard.look()
        try:
            if self._guard.is_given_up:
                store.leave_log_files()
            else:
                store.empty_log_files()
        except StoreFault as fault:
            # The log stays as it is, for the next start to read; closing must not fail for it.
            log.warning("the write-ahead log stays as it is", reason=str(fault))
        store.close()

    def _progress(self) -> None:
        self.progressed_at = perf_counter()

    def _open(self) -> Committer:
        backups.undo_half(self._path)  # before SQLite begins another log beside it
        store = open_writer(self._path)
        try:
            _try_out(store, self._host_id)
        except StoreFault as fault:
            # Left open it would keep the mapping of -shm as it is, read-only perhaps, for every
            # later try.
            store.close()
            raise UnwritableDatabase(f"{self._path} cannot be written: {fault}") from fault
        store.keep_log_files()
        store.use_no_temporary_files()
        # After the write of `_try_out`, which has made the log: both files are there to be noted.
        self._guard = FileGuard(self._path, store, self._gate.damage)
        store.report_progress(self._progress)
        self._committer = self._make_committer(store)
        self._gate.files = self._guard.files
        # Last: from here on readers keep their connections, and the mapping they share can be
        # written.
        self._gate.is_open = True
        return self._committer

    def _open_again(self) -> Committer | None:
        if perf_counter() - self._tried_at < _TRY_AGAIN_SECONDS:
            return None
        # Whatever comes of it: a try that fails must not be followed by the next one at once.
        self._tried_at = perf_counter()
        try:
            with self._gate.alone:
                committer = self._open()
        except UnusableDatabase as unusable:
            self._why_closed = str(unusable)
            return None
        log.info("the database can be written again")
        return committer


def _try_out(store: WriterStore, host_id: str) -> None:
    """Write once: opening alone does not tell whether that works."""
    store.run("BEGIN IMMEDIATE")
    disown_before(store, host_id)
    store.probe()
    store.run("COMMIT")
