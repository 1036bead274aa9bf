"""The end of a run: what was left out, the tables again, and the goals as its last part."""

from collections.abc import Mapping

from bench.report import goals
from bench.report.rows import rows
from bench.workloads.run import Run


def show_machine(machine: Mapping[str, str]) -> None:
    """Print on what it is measured."""
    for name, value in machine.items():
        print(f"{name.replace('_', ' ')}: {value}")
    if "without" in machine["python"]:
        print("Such a Python is up to a fifth slower where much is under way at once.")


def show(run: Run, *, is_standard: bool) -> None:
    """Print everything that was found; of the standard run the goals without a figure, too."""
    workloads = dict.fromkeys(name.workload for name in run.results.rounds)
    for workload in workloads:
        print(f"\n== {workload}, medians of the rounds")
        names = run.results.names(workload)
        for case in dict.fromkeys(name.case for name in names):
            print("\n".join(rows(run.results, [name for name in names if name.case == case])))
    print("\n".join(["\n== remarks", *run.remarks]))
    found = goals.lines(run.results, with_unmeasured=is_standard)
    print("\n".join(["\n== goals", *found]), flush=True)
