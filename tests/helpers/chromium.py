"""A headless Chromium that a test drives over two pipes, by the protocol of its developer tools.

It has no network, no profile that stays, and no window; what it reports of a page (exceptions,
console, violations of a content policy) is kept for the test to look at.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Json = dict[str, Any]
NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_S = 60
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-extensions", "--disable-background-networking"),
    *("--force-device-scale-factor=1", "--hide-scrollbars", "--remote-debugging-pipe"),
)


def program() -> str | None:
    """Return the path of a Chromium; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


_BECOME = """
import fcntl, os, sys
# Out of the way first: each may have the number that the other is to get.
read, write = (fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3])
os.dup2(read, 3), os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Runs Chromium, which reads from 3 and writes to 4."""


class Browser:
    """One page of a Chromium that runs."""

    def __init__(self, process: subprocess.Popen[bytes], to: int, of: int) -> None:
        """Open a page over the pipes of a process."""
        self._process = process
        self._to, self._of = to, of
        self._rest = b""
        self._last_id = 0
        self._session: str | None = None
        self.events: list[Json] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: object) -> Json:
        """Call a method of the protocol and return its result."""
        self._last_id += 1
        message: Json = {"id": self._last_id, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        while True:
            answer = self._read()
            if answer.get("id") == self._last_id:
                assert "error" not in answer, (method, answer["error"])
                return dict(answer["result"])
            self.events.append(answer)

    def _read(self) -> Json:
        deadline = time.monotonic() + _PATIENCE_S
        while b"\0" not in self._rest:
            left = deadline - time.monotonic()
            assert select.select([self._of], [], [], max(0, left))[0], "Chromium says nothing"
            chunk = os.read(self._of, 1 << 20)
            assert chunk, "Chromium has gone"
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def open(self, path: Path, width: int = 1240, height: int = 800) -> None:
        """Load a file, and wait until it has run."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(each.get("method") == "Page.loadEventFired" for each in self.events):
            self.events.append(self._read())

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page and return its value."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def mouse(self, kind: str, x: float, y: float, **more: object) -> None:
        """Send an event of the mouse, as a person's would come."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def key(self, key: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key)

    @property
    def complaints(self) -> list[str]:
        """What it reported: violations, errors, exceptions, and all that a script printed."""
        self.run("0")  # what is on its way comes before the answer
        told = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        return [json.dumps(each["params"]) for each in self.events if each.get("method") in told]

    def picture(self) -> bytes:
        """Return what it shows, as PNG."""
        return b64decode(self.call("Page.captureScreenshot", format="png")["data"])


@contextmanager
def browser() -> Iterator[Browser]:
    """Give a page of a new Chromium, which is ended with the block."""
    found = program()
    assert found is not None
    commands_out, commands_in = os.pipe()
    answers_out, answers_in = os.pipe()
    with TemporaryDirectory(prefix="ph-chromium-", ignore_cleanup_errors=True) as profile:
        pipes = (str(commands_out), str(answers_in))
        process = subprocess.Popen(
            [sys.executable, "-c", _BECOME, *pipes, found, *_FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(commands_out, answers_in), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        os.close(commands_out)
        os.close(answers_in)
        try:
            made = Browser(process, commands_in, answers_out)
            yield made
            made._session = None
            made.call("Browser.close")
        finally:
            os.close(commands_in)
            os.close(answers_out)
            try:
                process.wait(timeout=_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
