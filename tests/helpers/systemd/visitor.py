"""Run inside a box: visits sockets again and again until told to stop, and says how it went.

`python visitor.py SOCKET …` connects to each in turn with a new connection, asks for a ping and
hangs up. A connect that is refused, or that finds no socket, is what must never happen; that a
connection ends while its daemon is replaced is only counted.
"""

import json
import select
import socket
import sys
import time

PING = b'{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}\n'
PATIENCE_SECONDS = 30


def visit(path: str) -> bool:
    """Connect, ask and hang up; False if the connection ended before the answer."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE_SECONDS)
        sock.connect(path)
        try:
            sock.sendall(PING)
            return b"pong" in sock.recv(4096)
        except (ConnectionResetError, BrokenPipeError):
            return False


def main() -> None:
    """Visit until stdin ends."""
    found = {"visits": 0, "interrupted": 0, "longest_ms": 0}
    refused: list[str] = []
    print("visiting", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        for path in sys.argv[1:]:
            begun = time.monotonic()
            try:
                found["visits" if visit(path) else "interrupted"] += 1
            except OSError as error:
                refused.append(f"{path}: {error}")
            taken_ms = round((time.monotonic() - begun) * 1000)
            found["longest_ms"] = max(found["longest_ms"], taken_ms)
    print(json.dumps({**found, "refused": refused}), flush=True)


if __name__ == "__main__":
    main()
