"""Going on from a PostgreSQL that its own tools have put back: from a dump, or to a point in time.

The database holds less than was given out, and nobody can say how much: the one that it takes the
place of may be gone, and with it who became a holder since. So all numbers go up by a step that
nobody can have used up (`core.handed_out`), and everybody is fenced, as `penholder restore` does it
where the database before it cannot be read.
"""

import msgspec

from penholder_daemon.core.handed_out import HandedOut
from penholder_daemon.refusals import Refused
from penholder_daemon.rooms.daemon.records.restoring import Ended
from penholder_daemon.shell.store.postgres import connecting, filling, opening
from penholder_daemon.shell.store.postgres.history import identity_of
from penholder_daemon.transferring import sides
from penholder_daemon.transferring.within import lead_on

_IS_OURS = "SELECT 1 FROM pg_tables WHERE schemaname = ? AND tablename = 'streams'"


class GoneOn(msgspec.Struct, frozen=True, kw_only=True):
    """What a database goes on from."""

    store: str
    pos: int
    """The position up to which it holds everything."""
    goes_on_after: int
    ended: Ended


def go_on(url: str, *, password_file: str | None = None) -> GoneOn:
    """Have a database go on above all that was ever given out of it; raises Refused."""
    with sides.connected(url, password_file) as store:
        name = filling.named(store)
        if store.row(_IS_OURS, connecting.SCHEMA) is None:
            raise Refused(f"{name} holds no store of Penholder's")
        # What was put back may be of an older version.
        opening.prepare(store.connection)
        store.catalogue = opening.catalogue_of(store.connection)
        connecting.make_sound(store.connection)
        identity = identity_of(store.connection)
        known = HandedOut(is_all=False)
        led = lead_on(store, "daemon.restored", known=known, file=name, identity=identity)
        store.run("COMMIT")
    return GoneOn(store=name, pos=led.pos, goes_on_after=led.goes_on_after, ended=led.ended)
