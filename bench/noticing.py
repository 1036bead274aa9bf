"""How soon a worker that was killed is in `error`, without any heartbeat."""

import subprocess
import sys
import time

from bench.running_daemon import RunningDaemon, running_daemon

ROUNDS = 30
_WORKER = """
import sys, time
from penholder.blocking import Client
Client(sys.argv[1]).runtime.attach()
print("attached", flush=True)
time.sleep(600)
"""


def _round(daemon: RunningDaemon) -> float:
    """Kill a worker's process and wait for its event; returns the seconds until it was told."""
    path = daemon.make_worker()
    worker_id = path.rpartition("/")[2].removesuffix(".sock")
    command = [sys.executable, "-c", _WORKER, path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "attached\n"
    process.kill()
    killed = time.perf_counter()
    found = daemon.control.event.wait(worker_id=worker_id, types=["runtime.exited"])
    taken = time.perf_counter() - killed
    assert found.items
    assert daemon.control.worker.get(worker_id=worker_id).state == "error"
    process.wait(timeout=30)
    process.stdout.close()
    return taken


def main() -> None:
    """From SIGKILL to the client that waits for the event (limit: 100 ms)."""
    with running_daemon() as daemon:
        taken = sorted(_round(daemon) for _ in range(ROUNDS))
    print(
        f"{ROUNDS} kills   median {1000 * taken[ROUNDS // 2]:.1f} ms"
        f"   max {1000 * taken[-1]:.1f} ms"
    )
