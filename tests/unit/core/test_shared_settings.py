"""Settings by which all hosts of a shared store judge: who may change them, and what is told."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from penholder_daemon.core import shared_settings
from penholder_daemon.core.rules import Rule, Rules, Staleness
from tests.helpers.harness import Bench
from tests.helpers.shared_hosts import Fleet
from tests.helpers.stores import sqlite_only

pytestmark = sqlite_only("one file that several connections share within one thread")
_DAY = Rule(older_than_ms=86_400_000)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Give two hosts that are at work, with the usual settings in force."""
    made = Fleet(tmp_path / "p.db", "a", "b")
    for host in made.hosts.values():
        assert host.own("host.join") is None
    yield made
    made.close()


def _join(fleet: Fleet, name: str, rules: Rules) -> str | None:
    fleet[name].world.rules = rules
    refused = fleet[name].own("host.join")
    assert refused is None or isinstance(refused, str)
    return refused


def test_hosts_that_agree_join_and_the_settings_are_written_once(fleet: Fleet) -> None:
    stored = shared_settings.stored(fleet["a"].database)
    assert stored == shared_settings.of(Rules())
    assert _join(fleet, "b", Rules(host_name="another", max_seats=3)) is None
    assert shared_settings.stored(fleet["a"].database) == stored


def test_who_comes_to_others_with_other_settings_is_refused_and_told_all_of_them(
    fleet: Fleet,
) -> None:
    rules = Rules(
        retention={"worker": _DAY},
        allowed_tenants=frozenset({"t2", "t1"}),
        staleness=Staleness(warn_ms=5),
        backends={"claude": {"fast": True}},
    )
    stored = shared_settings.stored(fleet["a"].database)
    refused = _join(fleet, "b", rules)
    assert refused is not None
    for told in (
        "host_a",
        'allowed_tenants is ["t1","t2"] here and null there',
        'backends is {"claude":{"fast":true}} here and {} there',
        'retention is {"worker":{"older_than_ms":86400000,"keep_last":null}} here and {} there',
        "task_warn_ms is 5 here and 60000 there",
        "stop the others first",
    ):
        assert told in refused
    assert "task_stale_ms" not in refused
    assert shared_settings.stored(fleet["a"].database) == stored


def test_who_is_refused_is_not_registered(fleet: Fleet) -> None:
    fleet["b"].world.started_at = "later"
    sql = "SELECT started_at FROM hosts WHERE host_id = 'host_b'"
    before = fleet["a"].database.row(sql)
    assert _join(fleet, "b", Rules(staleness=Staleness(warn_ms=5))) is not None
    assert fleet["a"].database.row(sql) == before
    assert _join(fleet, "b", Rules()) is None
    assert fleet["a"].database.row(sql) == ("later",)


@pytest.mark.parametrize("why", ["not connected", "expired"])
def test_where_no_other_is_at_work_ones_own_replace_those_of_the_store(
    fleet: Fleet, why: str
) -> None:
    if why == "expired":
        fleet["a"].database.run(
            "UPDATE hosts SET state = 'expired', expired_at = '' WHERE host_id = 'host_a'"
        )
    else:
        fleet.server.connected.remove("host_a")
    rules = Rules(retention={"*": _DAY})
    assert _join(fleet, "b", rules) is None
    assert shared_settings.stored(fleet["a"].database) == shared_settings.of(rules)
    fleet["a"].world.rules = Rules()
    assert "retention" in str(fleet["a"].own("host.join"))


def test_a_reload_beside_others_is_refused_and_one_alone_is_not(fleet: Fleet) -> None:
    settings = shared_settings.of(Rules(allowed_tenants=frozenset({"t"})))
    refused = fleet["b"].own("host.agree", settings=settings)
    assert 'allowed_tenants is ["t"] here and null there' in str(refused)
    fleet.server.connected.remove("host_a")
    assert fleet["b"].own("host.agree", settings=settings) is None
    assert shared_settings.stored(fleet["a"].database) == settings


def test_secrets_are_neither_stored_nor_told_and_long_values_are_cut(fleet: Fleet) -> None:
    rules = Rules(backends={"p": {"api_key": "hunter2", "words": "x" * 1000}})
    refused = _join(fleet, "b", rules)
    assert refused is not None
    assert "hunter2" not in refused
    assert len(refused) < 1000
    fleet.server.connected.remove("host_a")
    assert _join(fleet, "b", rules) is None
    assert "hunter2" not in shared_settings.stored(fleet["a"].database)["backends"]
    other = Rules(backends={"p": {"api_key": "another", "words": "x" * 1000}})
    fleet.server.connected.add("host_a")
    assert _join(fleet, "a", other) is None, "what is not stored is not compared"


def test_the_order_of_what_a_file_says_makes_no_difference() -> None:
    one = Rules(retention={"worker": _DAY, "board": _DAY}, backends={"a": {"x": 1, "y": 2}})
    two = Rules(retention={"board": _DAY, "worker": _DAY}, backends={"a": {"y": 2, "x": 1}})
    assert shared_settings.of(one) == shared_settings.of(two)
    for value in shared_settings.of(one).values():
        msgspec.json.decode(value)


def test_a_daemon_with_its_store_to_itself_writes_none(bench: Bench) -> None:
    bench.world.rules = Rules(retention={"*": _DAY})
    bench.own("host.keep")
    assert shared_settings.stored(bench.database) == {}
