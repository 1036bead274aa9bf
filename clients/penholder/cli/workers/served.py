"""Where a worker is served, for who runs it: on its own host only."""

from penholder.cli.terminal.failures import Failure
from penholder_protocol.nouns import Worker


def socket_of(worker: Worker) -> str:
    """Return the path of a worker's socket; raises Failure where it is of another host."""
    if worker.socket_path is None:
        raise Failure(
            f"worker {worker.worker_id} is of host {worker.host_id}, whose daemon serves it;"
            " `penholder host list` shows the hosts"
        )
    return worker.socket_path
