"""The rooms on a database that no daemon holds, for a look at how they work on it."""

import os
from pathlib import Path

import msgspec

from penholder_daemon.core import execute
from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.core.commit import Committer
from penholder_daemon.core.method import Invocation, Kind
from penholder_daemon.core.rules import Rules
from penholder_daemon.core.transaction import Rx
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.kernel.world import RealWorld
from penholder_daemon.shell.store.database import WriterStore


class Rooms:
    """Carries calls out, one by one."""

    def __init__(self, store: WriterStore) -> None:
        """Work on a store."""
        self._store = store
        self._world = RealWorld(Path(), Rules())
        self._registry = build_registry()
        self._committer = Committer(store, self._world, self._registry, _fail)
        self._caller = Caller(CONTROL, os.geteuid(), os.getpid())

    def call(self, method: str, params: dict[str, object]) -> None:
        """Carry a mutation or a query out; raises what refuses it."""
        text = msgspec.json.encode(params)
        call = self._registry.require(method).invoke(self._caller, text, None)
        if call.method.kind is Kind.QUERY:
            execute.query(Rx(self._store, self._world, self._caller), call)
            return
        [answer] = self._committer.run([call]).answers
        if isinstance(answer, Exception):
            raise answer


def _fail(_call: Invocation | None, bug: Exception) -> None:
    raise bug
