"""What is made of the rounds: ratios, medians, verdicts."""

import pytest
from bench.measuring import quantile
from bench.report import goals
from bench.report.goals import Goal
from bench.results import Name, Results

OURS, THEIRS = Name("w", "c", "ours"), Name("w", "c", "theirs")


def test_a_ratio_is_the_median_of_each_rounds_own() -> None:
    results = Results()
    for ours, theirs in ((1.0, 2.0), (30.0, 10.0), (8.0, 8.0)):
        results.add(OURS, {"per_second": ours})
        results.add(THEIRS, {"per_second": theirs})
    assert results.ratios(OURS, THEIRS, "per_second") == [0.5, 3.0, 1.0]
    assert results.ratio(OURS, THEIRS, "per_second") == 1.0
    assert results.median(OURS, "per_second") == 8.0


def test_what_was_not_measured_is_none() -> None:
    results = Results()
    results.add(OURS, {"per_second": 1.0})
    assert results.ratio(OURS, THEIRS, "per_second") is None
    assert results.median(OURS, "p50_ms") is None
    [line] = [each for each in goals.lines(results, with_unmeasured=True) if "status" in each]
    assert "not measured" in line
    assert len(list(goals.lines(results, with_unmeasured=False))) == 1


@pytest.mark.parametrize(
    ("at_least", "aim", "found", "verdict"),
    [
        (75, 50, 50, "aim met"),
        (75, 50, 75, "met"),
        (75, 50, 75.1, "missed"),
        (0.6, 0.8, 0.8, "aim met"),
        (0.6, 0.8, 0.6, "met"),
        (0.6, 0.8, 0.59, "missed"),
    ],
)
def test_the_better_side_is_that_of_the_aim(
    at_least: float, aim: float, found: float, verdict: str
) -> None:
    assert Goal("g", lambda _: [], at_least, aim).verdict(found) == verdict


def test_quantiles_of_few_and_of_many() -> None:
    assert quantile([1.0], 0.999) == 1.0
    assert quantile([float(n) for n in range(1000)], 0.99) == 990.0
    assert quantile([float(n) for n in range(1000)], 0.5) == 500.0
