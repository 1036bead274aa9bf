"""What an append costs the daemon itself, by lean clients: the quick look, without other stores."""

from bench.peers.peer import Case
from bench.peers.penholder import KeyedPenholder, Penholder
from bench.workloads.appending import append
from bench.workloads.run import Run


def main(run: Run) -> None:
    """What an append costs the daemon, by lean clients."""
    append(run, "lean", [Case(1)], [Penholder()])
    append(run, "lean", [Case(8)], [Penholder(), KeyedPenholder()])
    append(run, "lean", [Case(16), Case(8, depth=64)], [Penholder()])
