"""What every store is to the benchmarks that measure several of them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.clients.turns import MakeTurn
from bench.limits import Broken


class Case(NamedTuple):
    """A shape of load: closed loops of so many clients."""

    clients: int
    depth: int = 1
    """Requests of each client that are under way at once."""
    many: int = 1
    """Events in one request."""
    reads: bool = False
    """Whether each append is followed by a read of the newest entries."""

    def __str__(self) -> str:
        """Name it."""
        words = ["1 client" if self.clients == 1 else f"{self.clients} clients"]
        words += [f"{self.depth} deep"] if self.depth > 1 else []
        words += [f"{self.many} at once"] if self.many > 1 else []
        words += ["append and read"] if self.reads else []
        return ", ".join(words)


class Length(NamedTuple):
    """What is stored of one stream: rows, different numbers, the first and last of them."""

    entries: int
    distinct: int
    first: int
    last: int
    appended: int
    """Rows that clients of the load have appended; the store's own entries are not among them."""


def length(row: Sequence[object]) -> Length:
    """Read a length as a database answers it."""
    return Length(*(int(str(value)) for value in row))


class Peer(ABC):
    """A store of numbered streams, each of which has one worker who may append to it."""

    name: str

    def missing(self) -> str | None:
        """Say what has to be installed, if something has."""
        return None

    def can(self, case: Case) -> bool:
        """Tell whether it is of use to measure this."""
        return case == Case(case.clients)

    @abstractmethod
    def start(self, directory: Path) -> None:
        """Start in an empty directory, or in one that is made here."""

    @abstractmethod
    def stop(self) -> None:
        """End what was started; once more does nothing."""

    @abstractmethod
    def clients(self, case: Case) -> list[MakeTurn]:
        """Make a stream for each client and return the clients."""

    def per_turn(self, case: Case) -> int:
        """Return how many appends a turn of a client makes."""
        return case.depth * case.many

    @abstractmethod
    def lengths(self) -> list[Length]:
        """Return what is stored of the streams that were made last, in their order."""

    @abstractmethod
    def require_durable(self) -> str:
        """Say by which settings an answer means that it is synced; raises Broken without them."""

    def cpu_seconds(self) -> float | None:
        """Return the processor time of its processes; None where the clients do it all."""
        return None

    def rss_bytes(self) -> int | None:
        """Return the memory of its processes; None where the clients do it all."""
        return None

    def check(self, acknowledged: list[int]) -> None:
        """Raise Broken unless each stream grew by what was answered, numbered without a hole."""
        lengths = self.lengths()
        require_whole(self.name, lengths)
        if (stored := [length.appended for length in lengths]) != acknowledged:
            raise Broken(f"{self.name}: {acknowledged} appends were answered, {stored} are stored")


def require_whole(name: str, lengths: list[Length]) -> None:
    """Raise Broken where a stream is not numbered 1, 2, 3 … to its end."""
    for length in lengths:
        if length.entries and (length.first != 1 or length.last != length.entries):
            raise Broken(f"{name}: a hole in what is stored: {length}")
        if length.distinct != length.entries:
            raise Broken(f"{name}: a number is there twice: {length}")


def require(settings: dict[str, tuple[str, str]]) -> str:
    """Return settings as text, each given as what it is and what it has to be."""
    for name, (found, wanted) in settings.items():
        if found != wanted:
            raise Broken(f"{name} is {found}, not {wanted}")
    return ", ".join(f"{name} = {found}" for name, (found, _) in settings.items())
