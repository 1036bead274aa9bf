"""`penholder mcp` as a child of a test: its messages by hand, or by the official SDK's client."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TextIO, cast

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.helpers import own_programs
from tests.helpers.daemon_process import DaemonProcess, Json
from tests.helpers.programs import PENHOLDER, environment

LEGACY, MODERN = "legacy", "2026-07-28"
TIMEOUT_S = 60.0
_PATCHED = (
    "import sys; first = sys.argv.pop(1); from penholder.cli.main import main; exec(first);"
    " raise SystemExit(main())"
)
_OURS = "io.modelcontextprotocol/"
ENVELOPE = {f"{_OURS}protocolVersion": MODERN, f"{_OURS}clientCapabilities": {}}
INSIDE = ("PENHOLDER_SOCKET", "PENHOLDER_WORKER_ID")


def server_environment(daemon: DaemonProcess, **more: str) -> dict[str, str]:
    """Return what a server outside of workers needs; without a systemd that runs would go to."""
    own = {**environment(daemon), "XDG_RUNTIME_DIR": ""}
    return {name: value for name, value in own.items() if name not in INSIDE} | more


class RawServer:
    """A server whose lines the test writes and reads itself."""

    def __init__(self, daemon: DaemonProcess, *words: str, first: str = "", **more: str) -> None:
        """Start it; `first` is Python that runs before, in the same interpreter."""
        self.process: own_programs.Process
        variables = server_environment(daemon, **more)
        if first:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _PATCHED, first, "mcp", *words], env=variables,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        else:
            self.process = own_programs.start(
                own_programs.WORDS, ["mcp", *words], variables, stdin=subprocess.PIPE
            )
        self._rest = b""
        self._last_id = 0
        self.seen: list[Json] = []
        """What came beside the answers that were asked for."""

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, method: str, params: object = None, **more: object) -> int:
        """Send a request and return its id."""
        self._last_id += 1
        message = {"jsonrpc": "2.0", "id": self._last_id, "method": method, **more}
        self.write(
            json.dumps(message | ({} if params is None else {"params": params})).encode() + b"\n"
        )
        return self._last_id

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        self.write(json.dumps(message).encode() + b"\n")

    def read(self, within_s: float = TIMEOUT_S) -> Json:
        """Return the next message; every line has to be one."""
        line = self.line(within_s)
        assert line, f"it ended: {self.process.stderr and self.process.stderr.read()!r}"
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return dict(message)

    def line(self, within_s: float = TIMEOUT_S) -> bytes:
        """Return the next line; nothing at the end."""
        assert self.process.stdout is not None
        descriptor, deadline = self.process.stdout.fileno(), time.monotonic() + within_s
        while b"\n" not in self._rest:
            left_s = deadline - time.monotonic()
            assert left_s > 0, "nothing comes"
            assert select.select([descriptor], [], [], left_s)[0], "nothing comes"
            chunk = os.read(descriptor, 1 << 16)
            if not chunk:
                assert not self._rest, self._rest
                return b""
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def answer(self, request_id: object) -> Json:
        """Read up to an answer; what else comes is kept."""
        while True:
            message = self.read()
            if message.get("id") == request_id and "method" not in message:
                return message
            self.seen.append(message)

    def ask(self, method: str, params: object = None) -> Json:
        """Return the answer of a request."""
        return self.answer(self.send(method, params))

    def send_call(self, tool: str, **arguments: object) -> int:
        """Send the call of a tool and return its id."""
        return self.send("tools/call", {"name": tool, "arguments": arguments})

    def call(self, tool: str, **arguments: object) -> Any:
        """Return what a tool answered, which must be no error."""
        result = self.answer(self.send_call(tool, **arguments))["result"]
        assert not result["isError"], result["content"]
        return result["structuredContent"]

    def refusal(self, tool: str, **arguments: object) -> Json:
        """Return the error that a tool answered, as it says it for programs."""
        result = self.answer(self.send_call(tool, **arguments))["result"]
        assert result["isError"], result
        error = dict(result["structuredContent"]["error"])
        assert result["content"][0]["text"].startswith(f"{error['code']}: ")
        return error

    def shut(self) -> None:
        """End its input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def end(self) -> tuple[int, str]:
        """End its input and wait; returns the exit code and what it said on stderr."""
        self.shut()
        while self.line():
            pass
        assert self.process.stderr is not None
        told = self.process.stderr.read().decode()
        return self.process.wait(TIMEOUT_S), told

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(TIMEOUT_S)

    def clean_up(self) -> None:
        """End it with the test."""
        self.process.kill()
        self.process.wait(TIMEOUT_S)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()


class Serve(Protocol):
    """Starts a server."""

    def __call__(self, *words: str, first: str = "", **more: str) -> RawServer:
        """Start one with these words."""


@asynccontextmanager
async def sdk_client(
    daemon: DaemonProcess, mode: str, log: Path, *words: str, **more: str
) -> AsyncIterator[Client]:
    """Give the official client of a server, in one of the eras; nothing may be said on stderr."""
    given = StdioServerParameters(
        command=PENHOLDER, args=["mcp", *words], env=server_environment(daemon, **more)
    )
    with log.open("w") as errors:
        transport = stdio_client(given, errlog=cast(TextIO, errors))
        async with Client(transport, mode=mode, cache=None) as client:
            yield client
    assert not log.stat().st_size, log.read_text()  # noqa: ASYNC240 - a few bytes
