"""The same calls on SQLite and on PostgreSQL: what differs in any answer, or in any row.

The calls are drawn from a seed. A param is what the method's example has, or what an answer before
had under such a name, or a value of its schema, or a hostile one; so histories go on from what they
have made, and come to the ends of every limit. Both worlds are fakes that tell the same ids, times
and processes, so nothing has to be left out of the comparison but what tells of the store itself.
"""

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, cast

from penholder_daemon.core import verify
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.store import Row
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.opening import open_writer
from penholder_protocol import jsonrpc
from penholder_protocol.errors import PenholderError
from tests.contract.examples import EXAMPLES, carry_out
from tests.helpers import hostile_params
from tests.helpers.fakes import FaultyStore
from tests.helpers.harness import CONTROLLER, Bench
from tests.helpers.stores import MEMORY

_OF_THE_STORE = frozenset({"daemon.status", "daemon.verify", "daemon.shutdown", "rpc.discover"})
"""What tells of the store itself, ends the daemon, or is long and always the same."""
_OF_ONE = frozenset({"schema_version", "numbers", "sqlite_sequence", "blob_bytes", "changes"})
_MAKERS = (".create", ".register", ".submit", ".request", ".open", ".record", ".add")
_NEW = ("_id", "_key", "label", "worktree")
"""How params are called that may be new."""
_MOST_KNOWN = 40
_LONGEST_PARAMS = 20_000
_OTHERS = frozenset({"worker.remove", "state.clear", "daemon.prune", "worker.stop"})
"""What takes away what others are about, and is to come now and then only."""


class OnSqlite(Bench):
    """The core and the rooms on SQLite."""

    def open(self, path: Path) -> None:
        """Put a core onto a database in memory."""
        self.database = open_writer(path)
        self.store = FaultyStore(self.database)
        self.begin()

    def content(self) -> dict[str, list[Row]]:
        """Return every row of every table that both stores have, in no order."""
        sql = "SELECT name FROM sqlite_schema WHERE type = 'table'"
        return _content(self, sql)


class _Alone(FaultyStore):
    """A store of one machine: a shared one renews leases of hosts, and tells so."""

    @property
    def is_shared(self) -> bool:
        """Say no."""
        return False


class OnPostgresql(Bench):
    """The core and the rooms on PostgreSQL."""

    def open(self, path: Path) -> None:
        """Put a core onto an empty database."""
        del path
        from tests.helpers.postgresql import POOL

        # Only what both have is asked of it.
        self.database = cast(WriterStore, POOL.take())
        self.store = _Alone(self.database)
        self.begin()

    def content(self) -> dict[str, list[Row]]:
        """Return every row of every table that both stores have, in no order."""
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'penholder'"
        return _content(self, sql)


def _content(bench: Bench, sql: str) -> dict[str, list[Row]]:
    found = {}
    for (name,) in list(bench.database.rows(sql)):
        if name not in _OF_ONE:
            table = str(name)
            rows = bench.database.rows(f"SELECT {_columns(table)} FROM {table}")
            found[table] = sorted(rows, key=repr)
    return found


def _columns(table: str) -> str:
    # In the order of SQLite; a later step may have put one elsewhere.
    rows = _schema().rows(f"SELECT name FROM pragma_table_info('{table}')")
    return ", ".join(str(row[0]) for row in rows)


_opened: list[WriterStore] = []


def _schema() -> WriterStore:
    if not _opened:
        _opened.append(open_writer(MEMORY))
    return _opened[0]


class Call(NamedTuple):
    """One call, as JSON text."""

    method: str
    is_seated: bool
    params: bytes


class Pair:
    """Both, after the whole scenario of the examples."""

    def __init__(self, seed: int) -> None:
        """Carry the scenario out on both."""
        self._draw = random.Random(seed)
        self.sqlite, self.postgresql = OnSqlite(), OnPostgresql()
        self._made = 0
        self._known: dict[str, list[str]] = {}
        self._peers: dict[int, Caller] = {}
        wanted = [each for each in EXAMPLES if each.method not in _OTHERS | _OF_THE_STORE]
        for each in wanted:
            for bench in (self.sqlite, self.postgresql):
                with suppress(PenholderError):  # it would have needed what is left out
                    carry_out(bench, [each])
        for bench in (self.sqlite, self.postgresql):
            self._peers[id(bench)] = bench.peer("w_ada", 4242)
            with suppress(PenholderError):
                bench.call("runtime.attach", self._peers[id(bench)], takeover=True)
        self._methods = sorted(hostile_params.METHODS.keys() - _OF_THE_STORE)

    def differences(self, calls: int) -> Iterator[str]:
        """Make so many calls on both, and say of each whose answers differ."""
        for number in range(calls):
            call = self._next()
            answers = [self._answer(bench, call) for bench in (self.sqlite, self.postgresql)]
            if answers[0] != answers[1]:
                told = f"{call.method} {call.params[:400]!r}"
                yield f"call {number}: {told}:\n  {answers[0]!r}\n  {answers[1]!r}"
            self._learn(answers[0])
            if self._draw.random() < 0.1:
                self._pass(self._draw.choice((1, 1000, 61_000, 3_700_000)))
        yield from self.differences_of_rows()

    def differences_of_rows(self) -> Iterator[str]:
        """Say which tables differ, what broke, and what is not sound in either."""
        here, there = self.sqlite.content(), self.postgresql.content()
        for name in {**here, **there}:
            if here.get(name) != there.get(name):
                one, other = (set(each.get(name, [])) for each in (here, there))
                yield f"table {name}: {list(one - other)[:3]} {list(other - one)[:3]}"
        for bench in (self.sqlite, self.postgresql):
            yield from map(repr, bench.bugs)
            for found in verify.findings(bench.rx(), bench.registry.rooms, deep=False):
                yield f"{type(bench).__name__}: {found.check}: {found.detail}"

    def _answer(self, bench: Bench, call: Call) -> bytes:
        caller = self._peers[id(bench)] if call.is_seated else CONTROLLER
        try:
            return bench.call_text(call.method, caller, call.params)
        except PenholderError as refusal:
            return jsonrpc.error(b"1", refusal)

    def _pass(self, milliseconds: int) -> None:
        for bench in (self.sqlite, self.postgresql):
            bench.world.pass_ms(milliseconds)
        timers = [each.name for each in self.sqlite.registry.methods.values() if each.timer]
        timer = self._draw.choice(timers)
        for bench in (self.sqlite, self.postgresql):
            bench.own(timer)

    # --- calls --------------------------------------------------------------------------------
    def _next(self) -> Call:
        method = self._draw.choice(self._methods)
        if method in _OTHERS and self._draw.random() < 0.8:
            return self._next()
        sockets = self.sqlite.registry.require(method).sockets
        is_seated = self._peers[id(self.sqlite)].socket in sockets and (
            CONTROLLER.socket not in sockets or self._draw.random() < 0.5
        )
        return Call(method, is_seated, self._params(method))

    def _params(self, method: str) -> bytes:
        """Draw params: as a rule they could be meant, now and then one is hostile."""
        base = hostile_params.base(method)
        words = hostile_params.words(method)
        found: dict[str, str] = {}
        spoiled = self._draw.random() < 0.25
        is_new = not spoiled and method.endswith(_MAKERS)
        for name in [param["name"] for param in hostile_params.METHODS[method]["params"]]:
            lot = self._draw.random()
            known = self._known.get(name)
            if spoiled and lot < 0.15:
                found[name] = self._draw.choice([*hostile_params.VALUES, *words])
            elif is_new and lot < 0.5 and name.endswith(_NEW):
                self._made += 1
                found[name] = json.dumps(f"{'/' * (name == 'workspace_key')}new-{self._made}")
            elif known and lot < 0.65:
                found[name] = self._draw.choice(known)
            elif name in base and lot < 0.97:
                found[name] = json.dumps(base[name])
            elif words and lot > 0.9:
                found[name] = self._draw.choice(words)
        if "timeout_ms" in base:
            found["timeout_ms"] = "0"
        members = ",".join(f"{json.dumps(name)}:{value}" for name, value in found.items())
        text = f"{{{members}}}".encode("utf-8", "surrogatepass")
        return text if len(text) < _LONGEST_PARAMS else json.dumps(base).encode()

    def _learn(self, answer: bytes) -> None:
        """Keep what an answer has under each name, for params of that name."""
        for name, value in _fields(json.loads(answer)):
            kept = self._known.setdefault(name, [])
            text = json.dumps(value)
            if text not in kept and len(text) < _MOST_KNOWN * 10:
                kept.append(text)
            if len(kept) > _MOST_KNOWN:
                kept.pop(self._draw.randrange(len(kept)))


def _fields(found: object) -> Iterator[tuple[str, object]]:
    if isinstance(found, dict):
        for name, value in found.items():
            yield str(name), value
            if name == "next" and value is not None:
                yield "cursor", value
            if {"epoch", "token"} <= found.keys():
                yield "fence", {"epoch": found["epoch"], "token": found["token"]}
            yield from _fields(value)
    elif isinstance(found, list):
        for each in found:
            yield from _fields(each)
