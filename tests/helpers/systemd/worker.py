"""Run inside a box: takes a worker's seat and appends numbered events until told to stop.

`python worker.py SOCKET` uses the project's own client, which goes on by itself over restarts of
the daemon. It says which epoch it had at first and at last, and how many events were acknowledged.
"""

import json
import select
import sys

from penholder.blocking import Client


def main() -> None:
    """Append until stdin ends."""
    with Client(sys.argv[1], reconnect_s=60) as client:
        first = client.runtime.attach().runtime_epoch
        print("working", flush=True)
        number = 0
        while not select.select([sys.stdin], [], [], 0)[0]:
            number += 1
            client.event.append(type="n", data={"number": number})
        last = client.runtime.attach().runtime_epoch
        print(json.dumps({"first": first, "last": last, "acknowledged": number}), flush=True)


if __name__ == "__main__":
    main()
