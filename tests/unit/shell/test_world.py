"""The real world: what its ids tell."""

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
