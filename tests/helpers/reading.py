"""Readers on threads, and desks of connections before them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import trio
from outcome import Outcome

from penholder_daemon.core.store import SqlValue
from penholder_daemon.core.transaction import Rx
from penholder_daemon.shell.fairness.accounts import Account, Accounts
from penholder_daemon.shell.fairness.desks import Desk, ReadJob
from penholder_daemon.shell.store.opening import open_reader, open_writer
from penholder_daemon.shell.store.readers import ThreadReaders
from penholder_daemon.shell.store.shm_gate import ShmGate
from tests.helpers.fakes import FakeWorld
from tests.helpers.harness import CONTROLLER


def one(rx: Rx) -> SqlValue:
    """Look up next to nothing."""
    row = rx.store.row("SELECT 1")
    assert row is not None
    return row[0]


class Scene:
    """Readers over a database, and desks of connections."""

    def __init__(self, path: Path, *, in_loop: bool = False) -> None:
        """Start the threads; the loop reads, too, if it is told to."""
        self._writer = open_writer(path)
        self.gate = ShmGate()
        self.gate.is_open = True
        self.turns = 0
        self._loop = trio.lowlevel.current_trio_token()
        self.readers = ThreadReaders(
            partial(open_reader, path),
            self.gate,
            2,
            FakeWorld(),
            lambda: None,
            self._soon,
            in_loop=in_loop,
        )
        self._accounts = Accounts()
        self.told: list[str] = []

    def _soon(self, act: Callable[[], None]) -> None:
        self.turns += 1
        self._loop.run_sync_soon(act)

    def account(self) -> Account:
        """Open a connection's account."""
        return self._accounts.open(lambda _: None)

    def desk(self) -> Desk:
        """Open a connection's desk."""
        return self.readers.open_desk(self.account())

    def note(self, name: str) -> ReadJob[SqlValue]:
        """Make a quick query that is noted when it is answered."""

        def done(_: Outcome[SqlValue]) -> None:
            self.told.append(name)

        return ReadJob(CONTROLLER, one, done)

    async def close(self) -> None:
        """End the threads."""
        await self.readers.stop()
        self._writer.close()
