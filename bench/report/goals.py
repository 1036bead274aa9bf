"""What the product is held to, and whether this run met it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

from bench.peers.ceiling import Ceiling
from bench.peers.fleet_on_postgres import fleet_name
from bench.peers.peer import Case
from bench.peers.penholder import BlockingPenholder, KeyedPenholder, Penholder
from bench.peers.per_call import PerCall
from bench.peers.postgres import PostgresServer
from bench.peers.redis import RedisServer
from bench.report.rows import number
from bench.results import Name, Results
from bench.workloads import across, cold_start, fan_out, fleet, growth, several, slow_disk
from bench.workloads.appends import CLOSED, DEEP, DEEP_CASE, MANY, MANY_CASE
from bench.workloads.command_line import STATUS

Find: TypeAlias = Callable[[Results], Sequence[float]]
"""Returns what each round has given; nothing where it was not measured."""


@dataclass(frozen=True)
class Goal:
    """One line: what, how it is found, and the two marks."""

    what: str
    find: Find
    at_least: float
    aim: float
    unit: str = "×"

    def verdict(self, found: float) -> str:
        """Say which mark is met; the aim lies on the side of what is better."""
        lower_is_better = self.aim < self.at_least
        for mark, words in ((self.aim, "aim met"), (self.at_least, "met")):
            if found <= mark if lower_is_better else found >= mark:
                return words
        return "missed"


def _ratio(ours: Name, who: str, figure: str = "per_second") -> Find:
    return lambda results: results.ratios(ours, ours._replace(who=who), figure)


def _inverse(find: Find) -> Find:
    return lambda results: [1 / each for each in find(results)]


def _of_rounds(name: Name, figure: str) -> Find:
    return lambda results: results.values(name, figure)


def _closed(clients: int, who: str = Penholder.name) -> Name:
    return Name(CLOSED, str(Case(clients)), who)


def _on(clients: int, daemons: int = 1) -> Name:
    return Name(several.SEVERAL, str(Case(clients)), fleet_name(daemons))


def _grown(operation: str) -> Find:
    """Compare the longest journal of the run with the shortest."""
    small = growth.name(growth.SMALL, operation)
    sizes = sorted({*growth.STANDARD, *growth.SCALE}, reverse=True)

    def find(results: Results) -> Sequence[float]:
        found = (results.ratios(growth.name(size, operation), small, "p50_ms") for size in sizes)
        return next(filter(None, found), [])

    return find


def _cold(results: Results) -> Sequence[float]:
    names = map(cold_start.name, (cold_start.SCALE, cold_start.STANDARD))
    found = ([ms / 1000 for ms in results.values(name, "wall_ms")] for name in names)
    return next(filter(None, found), [])


_DEEP = Name(DEEP, str(DEEP_CASE), Penholder.name)
_MANY = Name(MANY, str(MANY_CASE), Penholder.name)
_KEYED = _closed(8, KeyedPenholder.name)
_BLOCKING = _closed(8, BlockingPenholder.name)
_REDIS, _POSTGRES = RedisServer.name, PostgresServer.name
GOALS = (
    Goal("daemon's CPU an append, 8 clients", _of_rounds(_closed(8), "cpu_us"), 75, 50, "µs"),
    Goal("the same, with a key", _of_rounds(_KEYED, "cpu_us"), 100, 70, "µs"),
    Goal("1 client / Redis", _ratio(_closed(1), _REDIS), 0.6, 0.8),
    Goal("8 clients / Redis", _ratio(_closed(8), _REDIS), 0.6, 0.85),
    Goal("16 clients / Redis", _ratio(_closed(16), _REDIS), 0.6, 0.85),
    Goal("8 clients / PostgreSQL", _ratio(_closed(8), _POSTGRES), 1.0, 1.3),
    Goal("16 clients / PostgreSQL", _ratio(_closed(16), _POSTGRES), 1.3, 1.8),
    Goal("8 clients / SQLite opened per call", _ratio(_closed(8), PerCall.name), 14, 20),
    Goal(
        "the same: their p99 / ours", _inverse(_ratio(_closed(8), PerCall.name, "p99_ms")), 100, 100
    ),
    Goal("64 deep / Redis pipelined", _ratio(_DEEP, _REDIS), 0.42, 0.8),
    Goal("append_many of 64 / Redis pipelined", _ratio(_MANY, _REDIS), 0.8, 1.3),
    Goal(
        "blocking client / lean one with keys", _ratio(_BLOCKING, KeyedPenholder.name), 0.85, 0.95
    ),
    Goal("blocking client: its CPU a call", _of_rounds(_BLOCKING, "client_cpu_us"), 26, 22, "µs"),
    *(
        Goal(f"{operation}, longest journal / shortest", _grown(operation), 1.2, 1.05)
        for operation in growth.OPERATIONS
    ),
    Goal("1,000 attached workers: RSS", _of_rounds(fleet.IDLE, "rss_mb"), 70, 55, "MB"),
    Goal("1,000 attached workers: idle CPU", _of_rounds(fleet.IDLE, "cpu_percent"), 0.2, 0.1, "%"),
    Goal("a heartbeat of each: CPU", _of_rounds(fleet.BEATING, "cpu_us"), 60, 40, "µs"),
    Goal("append sent → subscriber told", _of_rounds(fan_out.name(1), "p50_ms"), 0.6, 0.4, "ms"),
    Goal("pings beside syncs of 20 ms: p99", _of_rounds(slow_disk.PINGS, "p99_ms"), 20, 5, "ms"),
    Goal("start → first answer", _cold, 0.25, 0.15, "s"),
    Goal("penholder status, wall", _of_rounds(STATUS, "wall_ms"), 60, 45, "ms"),
)
SEVERAL_GOALS = tuple(
    goal
    for clients in (8, 16)
    for goal in (
        Goal(f"on PostgreSQL, {clients} clients / a function call", _ratio(_on(clients), _POSTGRES),
             0.5, 0.9),
        Goal("the same / our own SQLite", _ratio(_on(clients), Penholder.name), 0.8, 1.0),
        *(
            Goal(f"{daemons} daemons, {clients} clients each / one",
                 _ratio(_on(clients, daemons), fleet_name(1)), 1.2, 1.6)
            for daemons in several.COUNTS if daemons > 1
        ),
    )
)  # fmt: skip
ACROSS_GOAL = Goal(
    "told across daemons on PostgreSQL, median", _of_rounds(across.ACROSS, "p50_ms"), 5, 2, "ms"
)


def lines(results: Results, *, with_unmeasured: bool) -> Iterator[str]:
    """Return the goals as a table, with the ceiling below where it was measured."""
    yield f"{'goal':44}{'measured':>12}{'at least':>10}{'aim':>10}   {'verdict':14}rounds"
    for goal in (*GOALS, *SEVERAL_GOALS, ACROSS_GOAL):
        if (found := goal.find(results)) or (with_unmeasured and goal in GOALS):
            yield _line(goal, found)
    for ours in (_closed(1), _closed(8), _closed(16), _DEEP, _MANY):
        theirs = ours._replace(who=Ceiling.name)
        per_second = results.median(theirs, "per_second")
        if per_second is not None:
            share = number(results.ratio(ours, theirs, "per_second"))
            yield f"the ceiling, {ours.case:24} {per_second:11,.0f}/s   Penholder: {share} of it"


def _line(goal: Goal, found: Sequence[float]) -> str:
    marks = "".join(f"{f'{number(mark)} {goal.unit}':>10}" for mark in (goal.at_least, goal.aim))
    if not found:
        return f"{goal.what:44}{'–':>12}{marks}   not measured"
    value = median(found)
    spread = f"{number(min(found))} to {number(max(found))}"
    measured = f"{number(value)} {goal.unit}"
    return f"{goal.what:44}{measured:>12}{marks}   {goal.verdict(value):14}{spread}"


def records(results: Results) -> list[dict[str, object]]:
    """Return the goals for a file."""
    measured = [goal for goal in SEVERAL_GOALS if goal.find(results)]
    return [_record(goal, goal.find(results)) for goal in (*GOALS, *measured)]


def _record(goal: Goal, found: Sequence[float]) -> dict[str, object]:
    value = median(found) if found else None
    return {
        "what": goal.what,
        "unit": goal.unit,
        "measured": value,
        "at_least": goal.at_least,
        "aim": goal.aim,
        "verdict": "not measured" if value is None else goal.verdict(value),
    }
