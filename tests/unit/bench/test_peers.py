"""That a store which lost, doubled or misnumbered something is found out."""

import pytest
from bench.limits import Broken
from bench.peers.peer import Length, Peer, require


class _Stored(Peer):
    name = "a store"

    def __init__(self, *lengths: Length) -> None:
        self._lengths = list(lengths)

    def lengths(self) -> list[Length]:
        return self._lengths

    start = stop = clients = require_durable = None  # type: ignore[assignment]  # not asked here


WHOLE = Length(entries=3, distinct=3, first=1, last=3, appended=2)


def test_what_was_answered_is_stored() -> None:
    _Stored(WHOLE, Length(0, 0, 0, 0, 0)).check([2, 0])


@pytest.mark.parametrize(
    ("stored", "answered", "why"),
    [
        (WHOLE, 3, "3.* appends were answered"),
        (WHOLE, 1, "1.* appends were answered"),
        (WHOLE._replace(last=4), 2, "a hole"),
        (WHOLE._replace(first=2, last=4), 2, "a hole"),
        (WHOLE._replace(distinct=2), 2, "a number is there twice"),
    ],
)
def test_anything_else_is_broken(stored: Length, answered: int, why: str) -> None:
    with pytest.raises(Broken, match=why):
        _Stored(stored).check([answered])


def test_a_server_that_does_not_sync_is_refused() -> None:
    assert require({"fsync": ("on", "on")}) == "fsync = on"
    with pytest.raises(Broken, match="fsync is off, not on"):
        require({"fsync": ("off", "on")})
