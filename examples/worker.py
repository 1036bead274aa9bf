"""A worker in plain Python: it takes its seat, works, asks before it deletes, and says goodbye.

    PENHOLDER_SOCKET=…/workers/w_1.sock python examples/worker.py     # or the path as an argument

A controller creates the worker and starts this; `examples/controller.py` does both.
"""

import os
import sys

from penholder.blocking import Client
from penholder_protocol.nouns import Approval

_FILES = ("notes.txt", "old.log", "older.log")
_WAIT_MS = 10_000
"""How long to wait for an answer before the next heartbeat: well below what looks stale."""


def main() -> int:
    """Do the work over the socket that the controller names."""
    arguments = sys.argv[1:]
    path = arguments[0] if arguments else os.environ["PENHOLDER_SOCKET"]
    with Client(path) as client:
        client.runtime.attach()
        client.worker.transition(to="running")
        work(client)
        client.worker.transition(to="idle")
        client.runtime.detach(state="stopped")
    return 0


def work(client: Client) -> None:
    """Look at some files and delete them if that is allowed."""
    for name in _FILES:
        client.event.append(type="file.seen", data={"name": name})
    answer = ask(client, f"May I delete {len(_FILES)} files?")
    client.event.append(type="work.done", data={"deleted": answer.decision == "allow"})


def ask(client: Client, message: str) -> Approval:
    """Ask and wait for the answer, with a sign of life as long as there is none."""
    asked = client.approval.request(message=message, kind="file.delete")
    while asked.state == "pending":
        client.worker.heartbeat()
        asked = client.approval.wait(request_id=asked.request_id, timeout_ms=_WAIT_MS)
    return asked


if __name__ == "__main__":
    sys.exit(main())
