"""Several stores appended to in turn, A B C A B C, so that what else happens meets all of them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp

from bench.limits import NotStarted
from bench.measuring import measure
from bench.peers.peer import Case, Peer
from bench.report.rows import show_round
from bench.results import Name
from bench.workloads.run import Run


def append(run: Run, workload: str, cases: Sequence[Case], peers: Sequence[Peer]) -> None:
    """Measure every case on every peer that can do it and is installed."""
    with _started(run, peers) as started:
        for case in cases:
            able = [peer for peer in started if peer.can(case)]
            for _ in range(run.rounds):
                for peer in able:
                    _round(run, Name(workload, str(case), peer.name), peer, case)
            show_round(run.results, [Name(workload, str(case), peer.name) for peer in able])


@contextmanager
def _started(run: Run, peers: Sequence[Peer]) -> Iterator[list[Peer]]:
    started: list[Peer] = []
    with ExitStack() as stack:
        for peer in peers:
            stack.callback(peer.stop)
            if (reason := _start(run, peer)) is None:
                started.append(peer)
            else:
                run.remark(f"{peer.name} is left out: {reason}")
        yield started


def _start(run: Run, peer: Peer) -> str | None:
    """Start a store, or say why it cannot be."""
    if (missing := peer.missing()) is not None:
        return missing
    try:
        peer.start(Path(mkdtemp(dir=run.directory)))
    except (NotStarted, OSError) as failure:
        return str(failure)
    run.remark(f"{peer.name}: {peer.require_durable()}")
    return None


def _round(run: Run, name: Name, peer: Peer, case: Case) -> None:
    clients = peer.clients(case)
    load = measure(clients, peer.per_turn(case), run.seconds, peer.cpu_seconds)
    peer.check(load.acknowledged)
    figures = dict(load.figures)
    if (rss_bytes := peer.rss_bytes()) is not None:
        figures["rss_mb"] = rss_bytes / 1e6
    run.results.add(name, figures)
