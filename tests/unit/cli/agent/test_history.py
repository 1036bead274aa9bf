"""What the next runner knows of the one before."""

import msgspec

from penholder.cli.agent import history
from penholder.cli.workers.summaries import Cost
from penholder_protocol.nouns import Entry


def entry(pos: int, type_: str, **data: object) -> Entry:
    """Make an entry of the first turn."""
    return Entry(
        entry_id="e", pos=pos, stream="s", seq=pos, ts="", type=type_, turn_id="turn-1",
        raw=msgspec.Raw(), data=msgspec.Raw(msgspec.json.encode(data)), request_id=None,
    )  # fmt: skip


def test_what_was_said_within_a_turn_is_part_of_it_unless_it_was_not_taken() -> None:
    before = history.fold(
        [
            entry(1, "turn.started", seq=1, text="go"),
            entry(2, "turn.steered", seq=2, text="left"),
            entry(3, "turn.steered", seq=3, text="right"),
            entry(4, "turn.unsteered", seq=2, reason="busy"),
        ]
    )

    assert before.turn is not None
    assert before.turn.all_text == "go\n\nright"
    assert before.steered == {3}


def test_what_sessions_cost_before_this_one_is_told_apart() -> None:
    def ended(pos: int, amount: float) -> Entry:
        cost = {"amount": amount, "currency": "USD"}
        return entry(pos, "turn.ended", outcome="completed", totals={"cost": cost})

    opened = {"session_id": "s-1", "how": "new"}
    entries = [entry(1, "session.opened", **opened), ended(2, 1.0)]
    assert history.fold(entries).cost_before is None
    resumed = [*entries, entry(3, "session.opened", **{**opened, "how": "resumed"}), ended(4, 2.0)]
    assert history.fold(resumed).cost_before is None

    other = entry(5, "session.opened", session_id="s-2", how="new", lost="gone")
    assert history.fold([*resumed, other]).cost_before == Cost(2.0, "USD")


def test_one_that_cannot_be_read_spoils_no_other() -> None:
    before = history.fold(
        [entry(1, "turn.started", seq="one"), entry(2, "turn.started", seq=2, text="go")]
    )

    assert before.turn is not None
    assert before.turn.seq == 2
