"""What a run of the benchmarks was asked for, and what it has found."""

from dataclasses import dataclass, field
from pathlib import Path

from bench.results import Results


@dataclass(frozen=True)
class Run:
    """Handed to every workload."""

    directory: Path
    """Where all stores are, so that all of them are on one filesystem."""
    rounds: int
    seconds: float
    """How long a round of a load is measured."""
    scale: bool = False
    """Whether databases are of the size that takes minutes to make."""
    results: Results = field(default_factory=Results)
    remarks: list[str] = field(default_factory=list)
    """What a reader of the report must know: what was left out, which settings made it durable."""

    def remark(self, text: str) -> None:
        """Say something, now and in the report, but only once."""
        if text not in self.remarks:
            self.remarks.append(text)
            print(text, flush=True)
