"""A connection to the daemon whose answers are read: raw, so that it costs little itself."""

import json
import socket
from typing import TypeAlias

Params: TypeAlias = dict[str, object]
Message: TypeAlias = dict[str, object]
END = b"\n"
_RECEIVED_AT_ONCE_BYTES = 1 << 16


def request(method: str, params: Params, number: int = 1) -> bytes:
    """Return a request as one line."""
    call = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return json.dumps(call, separators=(",", ":")).encode() + END


class Line:
    """One socket; what comes unasked is read in the same order as the answers."""

    def __init__(self, path: str) -> None:
        """Connect."""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self._rest = b""

    def ask(self, method: str, **params: object) -> Message:
        """Call a method and return what its answer holds; raises RuntimeError for an error."""
        self.socket.sendall(request(method, params))
        return result(self.next())

    def next(self) -> bytes:
        """Return the next line as soon as it is there; raises ConnectionError at the end."""
        while END not in self._rest:
            received = self.socket.recv(_RECEIVED_AT_ONCE_BYTES)
            if not received:
                raise ConnectionError("the daemon has hung up")
            self._rest += received
        line, _, self._rest = self._rest.partition(END)
        return line

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def result(line: bytes) -> Message:
    """Return what an answer holds; raises RuntimeError for an error."""
    answer = json.loads(line)
    if "error" in answer:
        raise RuntimeError(f"the daemon refuses: {answer['error']}")
    found = answer["result"]
    assert isinstance(found, dict)
    return found
