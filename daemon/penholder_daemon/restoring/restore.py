"""A restore from its beginning to its end, under the lock of the state directory.

Copying a backup over the database is one command, and wrong in three ways. Cut off in the middle it
leaves neither. A log that lies beside the old database is played into the new one. And those who
became holders after the backup go on writing, under epochs that are given out again.

So the work is done on a copy beside the database, where nobody looks, and the old one is touched as
late as possible. The order is the safety of it:

1. The file is looked at before SQLite opens it (`candidate`): it may be the database in place under
   another name, which is no backup of itself.
2. It is copied, and the copy is checked and upgraded. A copy cannot change between the check and
   its use. What is unsound is refused here, with nothing changed.
3. Whether the old one can be kept is seen to before it is touched (`placing.prepare`). Then blobs
   are brought to where the daemon has them (`bytes_of_blobs`): beside those of the old database
   they are in nobody's way, as each is named by what is in it.
4. What the old one has given out is read, and the copy is led above it by the daemon's own
   mutation, through the daemon's own committer: what a restore does to rooms is done by rooms.
5. The copy is checked once more, made one file without a log, and synced.
6. Only then it takes the place of the old one (`placing`), which is kept under another name.

Up to the last step an interruption leaves the database in place, and a copy that the next restore
removes. What it costs is room on the disk for one more database.
"""

import os
from contextlib import ExitStack
from pathlib import Path

import msgspec

from penholder_daemon import migrations, programs
from penholder_daemon.core import blobs, journal, verify
from penholder_daemon.core.commit import Committer
from penholder_daemon.core.handed_out import HandedOut
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.own_calls import daemon_call, daemon_caller
from penholder_daemon.core.store import integer
from penholder_daemon.core.transaction import Rx
from penholder_daemon.refusals import HalfDone, Refused
from penholder_daemon.restoring import bytes_of_blobs, candidate, current, placing
from penholder_daemon.rooms import build_registry
from penholder_daemon.rooms.daemon.records.restoring import Ended
from penholder_daemon.shell.disk import backups, blob_copies, copying
from penholder_daemon.shell.disk.paths import Paths, make_private_directory
from penholder_daemon.shell.kernel.world import RealWorld
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store import place as store_place
from penholder_daemon.shell.store.database import ApswStore, WriterStore
from penholder_protocol.errors import PenholderError

_WORK = ".restoring.db"


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was restored, and what became of the database before it."""

    file: str
    entries: int
    pos: int
    """The position up to which the backup holds everything."""
    schema_version: int
    from_schema: int
    kept: str | None
    """Where the database before it lies; None if there was none."""
    goes_on_after: int
    """Positions of new entries are above this one."""
    ended: Ended
    blobs: int = 0
    lost_blobs: int = 0
    """Of which no bytes were found; entries go on naming them."""


def restore(file: Path, state_dir: Path, *, without_blobs: bool = False) -> Restored:
    """Put a backup in place of the database; raises Refused and what else keeps it from that.

    Where bytes of blobs are missing it is refused, unless it is to do `without_blobs` then.
    """
    paths = Paths(state_dir, state_dir)
    with candidate.opened(file, paths.database) as backup, ExitStack() as held:
        make_private_directory(state_dir)
        # Before `_Work` clears what is left over there: it may be another restore's, still at work.
        held.callback(programs.locked(state_dir).release)
        work = _Work(paths, file, without_blobs=without_blobs)
        held.callback(work.clear)
        return work.carry_out(ApswStore(backup))


class _Work:
    """The copy that is worked on, beside the database so that a rename can put it in place."""

    def __init__(self, paths: Paths, file: Path, *, without_blobs: bool) -> None:
        """Begin where nothing is left over from a restore that a crash cut off."""
        self._file = file
        self._without_blobs = without_blobs
        self._blobs_dir = paths.blobs_dir
        self._database = paths.database
        self._copy = paths.state_dir / _WORK
        self._registry = build_registry()
        self._world = RealWorld(paths.workers_dir, Settings().rules())
        self._caller = daemon_caller(os.geteuid(), os.getpid())
        self.clear()

    def clear(self) -> None:
        """Remove the copy, where it was not put in place."""
        for path in self._copy.parent.glob(f"{_WORK}*"):
            path.unlink()

    def carry_out(self, backup: ApswStore) -> Restored:
        """Make the copy, lead it above all that was given out, and put it in place."""
        placing.refuse_symlink(self._database)
        # A restore that was cut off may have left the old database without its log.
        backups.undo_half(self._database)
        from_schema = migrations.version(backup)
        store = candidate.copy_to(self._copy, backup.connection, self._file)
        try:
            store.use_no_temporary_files()
            self._refuse_unsound(store)
            placing.prepare(self._database)
            old_blobs = blob_copies.names_in(self._blobs_dir)
            rx = Rx(store, self._world, self._caller)
            lost = bytes_of_blobs.bring(
                rx, self._file, self._blobs_dir, without_lost=self._without_blobs
            )
            done = self._lead_on(store, from_schema, lost)
            current.settle(store)
        finally:
            store.close()
        copying.sync(self._copy)
        kept = placing.place(self._copy, self._database, self._blobs_dir, old_blobs)
        self._remember_place()
        return msgspec.structs.replace(done, kept=None if kept is None else str(kept))

    def _remember_place(self) -> None:
        try:
            store_place.remember(self._database.parent, store_place.OWN)
        except OSError as error:
            raise HalfDone(
                f"the backup is in place, but that the state is there cannot be kept: {error};"
                " restore it again"
            ) from error

    def _lead_on(self, store: WriterStore, from_schema: int, lost: list[str]) -> Restored:
        rx = Rx(store, self._world, self._caller)
        entries, pos = _count_entries(rx), journal.position(rx)
        known = current.look(self._database, self._world, self._caller)
        ended = self._mutate(store, known, lost)
        self._refuse_unsound(store)
        return Restored(
            file=str(self._file),
            entries=entries,
            pos=pos,
            schema_version=migrations.version(store),
            from_schema=from_schema,
            kept=None,
            goes_on_after=journal.position(rx),
            ended=ended,
            blobs=sum(1 for _ in blobs.all_of(rx)),
            lost_blobs=len(lost),
        )

    def _mutate(self, store: WriterStore, known: HandedOut, lost: list[str]) -> Ended:
        """Make the daemon's own mutation, as the daemon makes its own."""
        bugs: list[Exception] = []

        def keep_bug(_: Invocation | None, bug: Exception) -> None:
            bugs.append(bug)

        committer = Committer(store, self._world, self._registry, keep_bug)
        method = self._registry.methods["daemon.restored"]
        arguments: dict[str, object] = {
            "known": known, "file": str(self._file), "lost_blobs": lost
        }  # fmt: skip
        (answer,) = committer.run([daemon_call(method, self._caller, arguments)]).answers
        # A bug is answered as an internal error, whose reason only the log of a daemon would have.
        if bugs:
            raise bugs[0]
        if isinstance(answer, PenholderError):
            raise Refused(str(answer))
        return msgspec.json.decode(answer, type=Ended)

    def _refuse_unsound(self, store: WriterStore) -> None:
        rx = Rx(store, self._world, self._caller)
        for finding in verify.findings(rx, self._registry.rooms, deep=False):
            raise Refused(f"{self._file} is not sound: {finding.check}: {finding.detail}")


def _count_entries(rx: Rx) -> int:
    row = rx.store.row("SELECT COUNT(*) FROM journal")
    assert row is not None  # a count is one row
    return integer(row[0])
