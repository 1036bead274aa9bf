"""A seed is all that is needed to have the same go wrong again."""

from collections import Counter

from tests.helpers.histories import plans


def test_a_seed_draws_the_same_plan_each_time() -> None:
    assert plans.draw(7, 2) == plans.draw(7, 2)
    assert plans.draw(7, 2) != plans.draw(8, 2)


def test_each_kind_comes_once_a_round() -> None:
    drawn = plans.draw(1, 3)
    assert Counter(each.kind for each in drawn.faults) == dict.fromkeys(plans.Kind, 3)
    assert {each.daemon for each in drawn.faults} <= set(range(plans.DAEMONS))
    assert len(drawn.ahead_seconds) == plans.DAEMONS
