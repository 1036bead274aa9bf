"""The figures of a run as JSON, for whoever wants to make something else of them."""

import json
from collections.abc import Mapping
from pathlib import Path

from bench.report import goals
from bench.workloads.run import Run


def write_json(run: Run, machine: Mapping[str, str], path: Path) -> None:
    """Write every figure of every round."""
    path.parent.mkdir(parents=True, exist_ok=True)
    measured = [
        {**name._asdict(), "rounds": [_rounded(each) for each in rounds]}
        for name, rounds in run.results.rounds.items()
    ]
    whole = {
        "machine": machine,
        "rounds": run.rounds,
        "seconds": run.seconds,
        "remarks": run.remarks,
        "measured": measured,
        "goals": goals.records(run.results),
    }
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in figures.items()}
