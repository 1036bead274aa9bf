"""Whether the writer may go on with its files: before each batch and each checkpoint it asks here.

SQLite goes on with the files that it has open, whatever became of them: every commit would succeed
and be acknowledged, into files that nobody will find or among bytes that mean something else.

Files whose names are gone are the same when they are put back, and writing goes on at once. Files
that were changed by somebody else are not what the log was written for, and never will be: nothing
is written any more, nor is the log moved into them, not even at the end. What is there is left as
it is for whoever is to look at it, with a mark that keeps the next start from making a mixture of
it (`changed_mark`). Damage that a read meets stops the writing too, until a restart.

Another database in the place of ours is a mixture to be, too, as long as our log lies beside it:
the mark is there until ours is put back.

Another program may move the log into the database by SQLite's own means (none should, but a look
with `sqlite3` can). SQLite's index of the log knows of that, and of nothing that a copy or a
truncation does; so it is asked where something has changed.

What is left open is a change between the look and the commit, found at the next look, and one
amid a checkpoint of ours. A look costs two calls of stat; it is on the way of every batch.
"""

from pathlib import Path

import structlog

from penholder_daemon.shell.disk import changed_mark
from penholder_daemon.shell.disk.database_files import DatabaseFiles, Look
from penholder_daemon.shell.store.damage import Damage
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.log_moves import log_file_bytes

log = structlog.get_logger()

AWAY = (
    "its database or the log beside it was removed or replaced under the daemon: put the files"
    " back; a stop (never a kill) moves what the log holds into the database"
)
"""Why nothing is written, nor opened to be read, while the names lead elsewhere or nowhere."""
_GO_ON = (
    ", so nothing more is written: stop the daemon and restore a backup with `penholder restore`;"
    " it does not start before"
)
_CHANGED = {
    Look.DATABASE_CHANGED: f"its database was written over or cut off under the daemon{_GO_ON}",
    Look.LOG_SHRUNK: f"the log of its database was cut off under the daemon{_GO_ON}",
}
_DAMAGED = (
    "a read has found its database damaged ({met}), so nothing more is written until a restart:"
    " see to the disk, stop the daemon and restore a backup with `penholder restore`"
)


class FileGuard:
    """Watches the files of one opened database, for the thread that has the writer's connection."""

    def __init__(self, path: Path, store: WriterStore, damage: Damage) -> None:
        """Note how the files stand, which the store has just written to."""
        self._path = path
        self.store = store
        self._damage = damage
        self.files = DatabaseFiles(path)
        self._moved_pages = store.log_position()[1]
        self._is_away = False
        self._is_marked = False
        store.watch_damage(damage)
        store.guard_checkpoints(self._may_move, self._note_moved)

    @property
    def is_given_up(self) -> bool:
        """Whether nothing is written to these files any more, whatever happens to them."""
        return self._damage.known is not None

    @property
    def fault(self) -> str | None:
        """Why nothing may be written, as the last look found."""
        return self._damage.known or (AWAY if self._is_away else None)

    def look(self) -> str | None:
        """See how the files stand; returns why nothing may be written, and tells of a change."""
        if self.is_given_up:
            return self.fault
        found = self.files.look()
        self._tell_away(found is Look.AWAY)
        self._mark_replaced()
        if self._is_away:
            # Whatever a read has met, it may have met in another's file.
            self._damage.met = None
        elif found is not Look.IN_PLACE and not self._is_anothers_checkpoint(found):
            self._give_up(_CHANGED[found])
            self._leave_mark(_CHANGED[found])
        elif self._damage.met is not None:
            self._give_up(_DAMAGED.format(met=self._damage.met))
        return self.fault

    def _tell_away(self, is_away: bool) -> None:
        if is_away and not self._is_away:
            log.critical("writes are refused", reason=AWAY)
        elif self._is_away and not is_away:
            log.info("the database is there again")
        self._is_away = is_away

    def _mark_replaced(self) -> None:
        """Have no start play our log into another database that was put in the place of ours."""
        is_replaced = self._is_away and self.files.log_is_anothers
        if is_replaced == self._is_marked:
            return
        # However it ends: a disk that takes no mark is not tried again at every look.
        self._is_marked = is_replaced
        try:
            if is_replaced:
                changed_mark.leave(self._path, AWAY)
            else:
                changed_mark.take_back(self._path)
        except OSError as error:
            log.error("a mark beside the database stays as it was", reason=str(error))

    def _give_up(self, why: str) -> None:
        log.critical("writes are refused", reason=why)
        self._damage.known = why

    def _leave_mark(self, why: str) -> None:
        try:
            changed_mark.leave(self._path, why)
        except OSError as error:
            log.error("a mark beside the database could not be left", reason=str(error))

    def _is_anothers_checkpoint(self, found: Look) -> bool:
        """Tell whether SQLite itself has done it, over another connection; then it is noted."""
        pages, moved = self.store.log_position()
        has_moved = self.store.log_moves.is_anothers(pages, moved)
        is_whole = log_file_bytes(pages) <= self.files.log_bytes
        if not is_whole or (found is Look.DATABASE_CHANGED and not has_moved):
            return False
        log.warning("another program has moved the log into the database; none should")
        self._note_moved()
        return True

    def _may_move(self) -> bool:
        return self.look() is None

    def _note_moved(self) -> None:
        self.files.note()
        self.store.log_moves.note(*self.store.log_position())
