"""A controller in trio: it owns a workspace, starts three workers and answers what they ask.

    penholder up && python examples/controller.py

What happens to its workers stands in the controller's stream, so there is nothing to poll.
"""

import json
import sys
from pathlib import Path

import trio

from penholder import AsyncClient, open_client
from penholder_protocol.nouns import Entry, Fence

_ID = "example"
_WORKER = (sys.executable, str(Path(__file__).with_name("worker.py")))
_RULES = {"file.delete": "allow"}
"""What is allowed without asking a person; everything else is denied."""


async def main() -> None:
    """Own the controller while three workers run to their ends."""
    async with open_client() as client:
        await client.controller.register(controller_id=_ID, label="Example", workspace_key=_ID)
        entries = client.subscribe([f"controller:{_ID}"])
        async with (
            client.controller.owned(_ID) as owned,
            entries,
            trio.open_nursery() as nursery,
        ):
            for number in range(3):
                worker = await client.worker.create(
                    controller_id=_ID, label=f"worker {number}", launcher="example",
                    profile="default", cwd=str(Path.cwd()), start="starting", fence=owned.fence,
                )  # fmt: skip
                # Only a worker of another host has none.
                assert worker.socket_path is not None
                nursery.start_soon(trio.run_process, [*_WORKER, worker.socket_path])
            working = 3
            while working:
                entry = await anext(entries)
                working -= entry.type in ("runtime.detached", "runtime.exited")
                await answer(client, entry, owned.fence)


async def answer(client: AsyncClient, entry: Entry, fence: Fence) -> None:
    """Show an entry; if it is a question, answer it by the rules."""
    data = json.loads(bytes(entry.data))
    print(f"{entry.type} {data.get('worker_id', '')}", flush=True)
    if entry.type == "approval.requested":
        asked = await client.approval.get(request_id=data["request_id"])
        option = _RULES.get(asked.kind, "deny")
        await client.approval.decide(request_id=asked.request_id, option=option, fence=fence)


if __name__ == "__main__":
    trio.run(main)
