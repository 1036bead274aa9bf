"""The real world: what its ids tell."""

import time
from pathlib import Path

import pytest

from penholder_daemon.core.rules import Rules
from penholder_daemon.shell.kernel.world import RealWorld


def test_an_id_tells_when_it_was_made() -> None:
    world = RealWorld(Path(), Rules())
    before = world.now_ms()
    made_ms = world.made_ms(world.new_id("ev_"))
    assert made_ms is not None
    assert before <= made_ms <= world.now_ms()


@pytest.mark.parametrize("given", ["", "ev_", "ev_1", "ev_" + "g" * 21, "ev_" + "0" * 27, "0" * 21])
def test_other_ids_tell_nothing(given: str) -> None:
    assert RealWorld(Path(), Rules()).made_ms(given) is None


def test_ids_sort_as_they_were_made_also_within_a_millisecond() -> None:
    world = RealWorld(Path(), Rules())
    made = [world.new_id("qt_") for _ in range(5000)]
    of_the_same_ms = len(made) - len({world.made_ms(each) for each in made})
    assert of_the_same_ms, "a clock that shows each its own millisecond tries nothing"
    assert sorted(made) == made
    assert len(set(made)) == len(made)


def test_ids_sort_as_they_were_made_though_the_clock_was_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = RealWorld(tmp_path, Rules())
    made = [world.new_id("qt_")]
    now_ns = time.time_ns()
    for back_s in (1, 86_400, 2):
        monkeypatch.setattr(time, "time_ns", lambda ns=now_ns - back_s * 10**9: ns)
        made += [world.new_id("qt_") for _ in range(3)]
    assert made == sorted(made)


def test_the_wall_clock_is_the_one_that_hosts_share(tmp_path: Path) -> None:
    world = RealWorld(tmp_path, Rules())
    world.clocks.shared_wall_ms = 1_767_225_600_000 - world.boottime_ms()
    assert world.now().startswith("2026-01-01T00:00:0")
    assert world.entry_id("ev_", 1)[3:14] <= f"{world.now_ms():011x}"
    assert world.ms_from_time(world.time_from_ms(1_767_225_600_123)) == 1_767_225_600_123
