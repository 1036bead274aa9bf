"""A move from its beginning to its end.

Whoever moves a store must never end with half of it, nor with two that give out the same. So:

1. Nobody else uses either of the two (`sides`), and the target holds nothing.
2. The source is read in one view and stays as it is. What it has that the target cannot hold is
   refused, such as text with U+0000.
3. Every row is copied as it is, with its numbers, epochs and hashes, and the numbers go on from
   where they were. Then every table is read back, and must be what was read there.
4. The target goes on as after a restore: by the daemon's own mutation, through its own committer,
   everybody is fenced and what is held ends. A daemon that is started on the source once more would
   else have the same holders.
5. All that `daemon.verify` looks at is looked at. Only then the transaction ends.

It is one transaction of the target from its schema to the end, so whenever this is cut off the
target is as it was, or whole. The committer begins and ends a transaction of its own, which here is
within that one (`within`).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec

from penholder_daemon import programs
from penholder_daemon.core.store import Row
from penholder_daemon.moving import progress
from penholder_daemon.moving.blobs import sizes
from penholder_daemon.refusals import HalfDone, Refused
from penholder_daemon.rooms.daemon.records.restoring import Ended
from penholder_daemon.shell.disk.paths import make_private_directory
from penholder_daemon.shell.store import place
from penholder_daemon.transferring import blobs, sides, tables, urls
from penholder_daemon.transferring.sides import Side
from penholder_daemon.transferring.tables import Content, Digest, Table
from penholder_daemon.transferring.within import lead_on


class Transferred(msgspec.Struct, frozen=True, kw_only=True):
    """What was moved, and where to."""

    source: str
    target: str
    dry_run: bool
    tables: dict[str, Content]
    """As they were read in the source and read back in the target."""
    pos: int
    """The position up to which the source held everything."""
    goes_on_after: int
    ended: Ended
    blobs: int = 0


def transfer(
    state_dir: Path,
    to: str,
    source_url: str | None,
    *,
    dry_run: bool,
    password_file: str | None = None,
) -> Transferred:
    """Move a store; raises Refused and what else keeps it from that.

    To PostgreSQL it is the database of the state directory that is moved, to SQLite what is at
    `source_url`.
    """
    path = urls.database_path(to, state_dir)
    with ExitStack() as held:
        if not dry_run or state_dir.exists():
            make_private_directory(state_dir)
            held.callback(programs.locked(state_dir).release)
        with ExitStack() as opened:
            if path is None:
                programs.require_own_store(state_dir)
                source = opened.enter_context(sides.sqlite_source(state_dir / "penholder.db"))
                filled = sides.postgresql_target(to, password_file, dry_run=dry_run)
            else:
                source_url = _require_source(source_url)
                source = opened.enter_context(sides.postgresql_source(source_url, password_file))
                filled = sides.sqlite_target(path, dry_run=dry_run)
            done = _carry_out(source, opened.enter_context(filled), dry_run=dry_run)
        # After its transaction, which may fail; and before anybody can start a daemon here.
        if not dry_run:
            _remember(state_dir, to if path is None else path, source_url)
        return done


def _require_source(url: str | None) -> str:
    if url is None:
        raise Refused(
            "no PostgreSQL is named to move from: set `[store] url` in the daemon's configuration,"
            " or PENHOLDER_STORE_URL"
        )
    return url


def _remember(state_dir: Path, target: str | Path, source_url: str | None) -> None:
    """Have the next start know where the state is now."""
    if isinstance(target, Path):
        own = state_dir / "penholder.db"
        is_own = own.exists() and own.samefile(target)
        known = place.remembered(state_dir)
        if not is_own and not (known and source_url and place.is_same(known, source_url)):
            return  # a file for another directory, from a store that was not this one's
        target = place.OWN if is_own else f"{place.OWN}{target}"
    try:
        place.remember(state_dir, target)
    except OSError as error:
        raise HalfDone(
            f"all is moved, but {state_dir} cannot keep where its state is now: {error}; see to the"
            " daemon's settings before it is started"
        ) from error


def _carry_out(source: Side, target: Side, *, dry_run: bool) -> Transferred:
    listed = sides.tables_of(source, target)
    filled = tables.first_filled(listed, target.store)
    if filled is not None:
        raise Refused(
            f"{target.name} is not empty: table {filled} has rows; name one that holds nothing"
        )
    # Read back as well, which takes about as long.
    total = 2 * sum(table.count(source.store) for table in listed)
    with progress.shown(f"to {target.kind}", total) as advance:
        found = {table.name: _copy(table, source, target, advance) for table in listed}
        _keep_numbers(source, target)
        for table in listed:
            if tables.content_of(table, target.store) != found[table.name]:
                raise Refused(f"table {table.name} was read back as another than it was read")
            advance(found[table.name].rows)
    moved_blobs = _copy_blobs(source, target)
    done = _go_on(source, target, found, dry_run=dry_run)
    return msgspec.structs.replace(done, blobs=moved_blobs)


def _copy_blobs(source: Side, target: Side) -> int:
    """Bring the bytes of all that the source knows; returns how many blobs that are."""
    if target.kind == "postgresql" and target.store.row("SELECT 1 FROM blob_bytes LIMIT 1"):
        raise Refused(f"{target.name} is not empty: table blob_bytes has rows")
    known = sizes(source.store)
    for blob_id, size in known.items():
        there = blobs.whole(blob_id, size, source.pieces(blob_id), source.name)
        if target.put_blob(blob_id, there):
            for _ in blobs.whole(blob_id, size, target.pieces(blob_id), target.name):
                pass
    return len(known)


def _copy(table: Table, source: Side, target: Side, advance: Callable[[int], None]) -> Content:
    digest = Digest()
    # What a new store has of itself gives way.
    target.store.run(f"DELETE FROM {table.name}")

    def seen() -> Iterator[Row]:
        for row in digest.passing(table.rows(source.store)):
            advance(1)
            yield row

    target.put(table, seen())
    return digest.content


def _keep_numbers(source: Side, target: Side) -> None:
    """Have numbers go on from the highest that was given, also where its row is gone."""
    for name, number in source.store.last_numbers().items():
        target.store.set_number(name, number)
    target.finish()


def _go_on(source: Side, target: Side, found: dict[str, Content], *, dry_run: bool) -> Transferred:
    led = lead_on(target.store, "daemon.moved", source=source.kind, target=target.kind)
    return Transferred(
        source=source.name,
        target=target.name,
        dry_run=dry_run,
        tables=found,
        pos=led.pos,
        goes_on_after=led.goes_on_after,
        ended=led.ended,
    )
