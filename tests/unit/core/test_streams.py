"""Stream selections: what SQL finds and what is matched live are the same."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from penholder_daemon.core import backlog, journal
from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Published
from penholder_protocol.errors import InvalidParams
from tests.helpers.harness import Bench

STREAMS = {
    "worker:w1": "controller:c1",
    "worker:w2": "controller:c1",
    "worker:w3": "controller:c2",
    "controller:c1": None,
    "controller:c2": None,
    "topic:a": None,
    "topic:b": None,
    "topicality:x": None,
    "queue:q": None,
    "daemon": None,
}
NAMES = [
    *(name for name in STREAMS if name != "topicality:x"),
    "controller:c1/workers",
    "controller:c2/workers",
    "controller:none/workers",
    "topic:*",
    "topic:none",
    "*",
]
TYPES = ("x", "y", "z")


def _filled() -> tuple[Bench, list[Published]]:
    bench = Bench()
    tx = bench.tx(Caller(CONTROL, 1, 1))
    for stream, parent in STREAMS.items():
        journal.open_stream(tx, stream, parent)
    for number in range(60):
        stream = list(STREAMS)[number % len(STREAMS)]
        journal.append(tx, stream, TYPES[number % 3], Raw(b"{}"))
    tx.ledger.settle()
    return bench, tx.published


BENCH, PUBLISHED = _filled()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4),
    st.none() | st.lists(st.sampled_from([*TYPES, "other"]), max_size=3),
)
def test_sql_and_live_matching_agree(names: list[str], types: list[str] | None) -> None:
    selection = Selection(names, types)
    live = [each.entry.pos for each in PUBLISHED if selection.matches(each)]
    found = backlog.read(BENCH.rx(), selection, 0, len(PUBLISHED))
    assert [entry.pos for entry in found.items] == live


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4))
def test_streams_selected_are_those_of_the_entries(names: list[str]) -> None:
    selection = Selection(names)
    where, values = selection.where_streams()
    rows = BENCH.store.rows(f"SELECT s.name FROM streams s WHERE {where}", *values)
    assert {str(row[0]) for row in rows} == {
        each.entry.stream for each in PUBLISHED if selection.matches(each)
    }


@pytest.mark.parametrize("name", ["x", "worker", "worker:", "daemon ", "Daemon", "topic", "*:*"])
def test_a_name_that_no_stream_can_have(name: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        Selection([name])
    assert caught.value.details == {"stream": name}


def test_any_character_may_be_in_the_name_of_a_topic() -> None:
    Selection(["topic:a b\n%_'\"ü"])
