"""What the product is held to, and whether this run met it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from bench.peers.ceiling import Ceiling
from bench.peers.peer import Case
from bench.peers.penholder import BlockingPenholder, KeyedPenholder, Penholder
from bench.peers.per_call import PerCall
from bench.peers.postgres import PostgresServer
from bench.peers.redis import RedisServer
from bench.report.rows import number
from bench.results import Name, Results
from bench.workloads import cold_start, fan_out, fleet, growth
from bench.workloads.appends import CLOSED, DEEP, DEEP_CASE, MANY, MANY_CASE
from bench.workloads.command_line import STATUS

Find: TypeAlias = Callable[[Results], float | None]


@dataclass(frozen=True)
class Goal:
    """One line: what, how it is found, and the two marks."""

    what: str
    find: Find
    at_least: float
    aim: float
    unit: str = ""
    """Of a ratio: none."""

    def verdict(self, found: float | None) -> str:
        """Say which mark is met; the aim lies on the side of what is better."""
        if found is None:
            return "not measured"
        lower_is_better = self.aim < self.at_least
        for mark, words in ((self.aim, "aim met"), (self.at_least, "met")):
            if found <= mark if lower_is_better else found >= mark:
                return words
        return "missed"


def _ratio(ours: Name, who: str, figure: str = "per_second") -> Find:
    return lambda results: results.ratio(ours, ours._replace(who=who), figure)


def _median(name: Name, figure: str) -> Find:
    return lambda results: results.median(name, figure)


def _closed(clients: int, who: str = Penholder.name) -> Name:
    return Name(CLOSED, str(Case(clients)), who)


def _grown(operation: str) -> Find:
    """Compare the longest journal of the run with the shortest."""

    def find(results: Results) -> float | None:
        small = results.median(growth.name(growth.SMALL, operation), "p50_ms")
        sizes = sorted({*growth.STANDARD, *growth.SCALE}, reverse=True)
        found = (results.median(growth.name(size, operation), "p50_ms") for size in sizes)
        large = next((each for each in found if each is not None), None)
        return None if small is None or large is None else large / small

    return find


def _inverse(find: Find) -> Find:
    def inverted(results: Results) -> float | None:
        found = find(results)
        return 1 / found if found else None

    return inverted


def _cold(results: Results) -> float | None:
    found = (
        results.median(cold_start.name(events), "wall_ms")
        for events in (cold_start.SCALE, cold_start.STANDARD)
    )
    return next((each / 1000 for each in found if each is not None), None)


_DEEP = Name(DEEP, str(DEEP_CASE), Penholder.name)
_MANY = Name(MANY, str(MANY_CASE), Penholder.name)
_BLOCKING = _closed(8, BlockingPenholder.name)
_REDIS, _POSTGRES = RedisServer.name, PostgresServer.name
GOALS = (
    Goal("daemon's CPU an append, 8 clients", _median(_closed(8), "cpu_us"), 75, 50, "µs"),
    Goal("the same, with a key", _median(_closed(8, KeyedPenholder.name), "cpu_us"), 100, 70, "µs"),
    Goal("1 client / Redis", _ratio(_closed(1), _REDIS), 0.6, 0.8),
    Goal("8 clients / Redis", _ratio(_closed(8), _REDIS), 0.6, 0.85),
    Goal("16 clients / Redis", _ratio(_closed(16), _REDIS), 0.6, 0.85),
    Goal("8 clients / PostgreSQL", _ratio(_closed(8), _POSTGRES), 1.0, 1.3),
    Goal("16 clients / PostgreSQL", _ratio(_closed(16), _POSTGRES), 1.3, 1.8),
    Goal("8 clients / SQLite opened per call", _ratio(_closed(8), PerCall.name), 14, 20),
    Goal("the same: their p99 / ours", _inverse(_ratio(_closed(8), PerCall.name, "p99_ms")),
         100, 100),
    Goal("64 deep / Redis pipelined", _ratio(_DEEP, _REDIS), 0.42, 0.8),
    Goal("append_many of 64 / Redis pipelined", _ratio(_MANY, _REDIS), 0.8, 1.3),
    Goal("blocking client / lean one with keys", _ratio(_BLOCKING, KeyedPenholder.name),
         0.85, 0.95),
    Goal("blocking client: its CPU a call", _median(_BLOCKING, "client_cpu_us"), 26, 22, "µs"),
    *(
        Goal(f"{operation}, longest journal / shortest", _grown(operation), 1.2, 1.05)
        for operation in growth.OPERATIONS
    ),
    Goal("1,000 attached workers: RSS", _median(fleet.IDLE, "rss_mb"), 70, 55, "MB"),
    Goal("1,000 attached workers: idle CPU", _median(fleet.IDLE, "cpu_percent"), 0.2, 0.1, "%"),
    Goal("a heartbeat of each: CPU", _median(fleet.BEATING, "cpu_us"), 60, 40, "µs"),
    Goal("append sent → subscriber told", _median(fan_out.name(1), "p50_ms"), 0.6, 0.4, "ms"),
    Goal("start → first answer", _cold, 0.25, 0.15, "s"),
    Goal("penholder status, wall", _median(STATUS, "wall_ms"), 60, 45, "ms"),
)  # fmt: skip


def lines(results: Results) -> Iterator[str]:
    """Return the goals as a table, with the ceiling beside where it was measured."""
    yield f"{'goal':44}{'measured':>12}{'at least':>12}{'aim':>12}   verdict"
    for goal in GOALS:
        found = goal.find(results)
        values = (number(found), number(goal.at_least), number(goal.aim))
        texts = (f"{value} {goal.unit}".strip() for value in values)
        yield f"{goal.what:44}" + "".join(f"{t:>12}" for t in texts) + f"   {goal.verdict(found)}"
    yield from _beside(results)


def _beside(results: Results) -> Iterator[str]:
    for ours in (_closed(1), _closed(8), _closed(16), _DEEP, _MANY):
        ceiling = results.median(ours._replace(who=Ceiling.name), "per_second")
        ratio = results.ratio(ours, ours._replace(who=Ceiling.name), "per_second")
        if ceiling is not None:
            yield f"ceiling, {ours.case:24} {ceiling:11,.0f}/s   Penholder: {number(ratio)} of it"


def records(results: Results) -> list[dict[str, object]]:
    """Return the goals for a file."""
    found = [(goal, goal.find(results)) for goal in GOALS]
    return [
        {
            "what": goal.what,
            "unit": goal.unit,
            "measured": value,
            "at_least": goal.at_least,
            "aim": goal.aim,
            "verdict": goal.verdict(value),
        }
        for goal, value in found
    ]
