"""How many entries came when, told from all of them or from some."""

from hypothesis import given
from hypothesis import strategies as st

from penholder.cli.timeline.density import density


def test_each_entry_is_counted_in_its_part() -> None:
    counts, is_sampled = density([(1, 0), (2, 10), (3, 11), (4, 39)], 0, 40, 4)
    assert (counts, is_sampled) == ([1, 2, 0, 1], False)


def test_what_lies_between_two_is_spread_evenly() -> None:
    counts, is_sampled = density([(1, 0), (102, 40)], 0, 40, 4)
    assert is_sampled
    assert counts == [26, 25, 25, 26]


def test_a_moment_outside_is_counted_at_the_edge() -> None:
    assert density([(1, -5), (2, 99)], 0, 40, 4)[0] == [1, 0, 0, 1]


def test_a_clock_that_was_set_back_loses_nothing() -> None:
    counts, _ = density([(1, 30), (11, 10)], 0, 40, 4)
    assert round(sum(counts), 6) == 11


def test_no_time_and_no_entries() -> None:
    assert density([], 0, 0, 3) == ([0, 0, 0], False)
    assert sum(density([(1, 5), (9, 5)], 5, 5, 3)[0]) == 9


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(-50, 150)), unique_by=lambda x: x[0]))
def test_all_are_counted_whatever_was_read(seen: list[tuple[int, int]]) -> None:
    counts, is_sampled = density(seen, 0, 100, 7)
    numbers = sorted(seq for seq, _ in seen)
    expected = numbers[-1] - numbers[0] + 1 if numbers else 0
    assert abs(sum(counts) - expected) < 1e-3
    assert is_sampled == (expected > len(numbers))
    assert all(count >= 0 for count in counts)
