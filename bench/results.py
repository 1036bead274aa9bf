"""What a run has found so far: figures by round, and what is made of them."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Name(NamedTuple):
    """What was measured: a workload, its case, and who did it."""

    workload: str
    case: str
    who: str


class Results:
    """Figures of every round, by name; names end in their units."""

    def __init__(self) -> None:
        """Begin with none."""
        self.rounds: defaultdict[Name, list[dict[str, float]]] = defaultdict(list)

    def add(self, name: Name, figures: dict[str, float]) -> None:
        """Keep what a round has given."""
        self.rounds[name].append(figures)

    def names(self, workload: str) -> list[Name]:
        """Return what a workload has measured, in its order."""
        return [name for name in self.rounds if name.workload == workload]

    def median(self, name: Name, figure: str) -> float | None:
        """Return the median of the rounds; None for what was not measured."""
        found = self.values(name, figure)
        return median(found) if found else None

    def ratio(self, ours: Name, theirs: Name, figure: str) -> float | None:
        """Return the median of each round's ratio; None for what was not measured."""
        found = self.ratios(ours, theirs, figure)
        return median(found) if found else None

    def ratios(self, ours: Name, theirs: Name, figure: str) -> Sequence[float]:
        """Return each round's ratio: both were measured right after each other."""
        pairs = zip(self.values(ours, figure), self.values(theirs, figure), strict=False)
        return [our / their for our, their in pairs if their]

    def values(self, name: Name, figure: str) -> Sequence[float]:
        """Return what each round has given."""
        rounds = self.rounds.get(name, [])
        return [figures[figure] for figures in rounds if figure in figures]
