"""One request that takes a while, as its tool sees it: a client, progress, and whether it is over.

It is over when its client has canceled it or the server ends. Whatever the daemon is asked then
fails at once, since its connection is closed.
"""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from penholder.cli.mcp import messages

if TYPE_CHECKING:
    from subprocess import Popen

    from penholder.blocking import Client
    from penholder.cli.mcp.desk import Desk

Say = Callable[[bytes], None]


class Job:
    """A request that runs in a thread of its own."""

    def __init__(
        self, desk: "Desk", request_id: bytes, progress_token: str | int | None, say: Say
    ) -> None:
        """Take what the request said."""
        self.desk = desk
        self.request_id = request_id
        self.over = threading.Event()
        """Set where nobody waits for the answer any more."""
        self.may_be_left = False
        """Whether it only waits, so that the end of the server need not wait for it."""
        self._progress_token = progress_token
        self._say = say
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._process: Popen[bytes] | None = None
        self._began_at = time.monotonic()

    @property
    def client(self) -> "Client":
        """The connection of this request, made when it is first used."""
        with self._lock:
            if self._client is None:
                self._client = self.desk.link.client()
                if self.over.is_set():
                    self._client.close()
            return self._client

    def renew(self) -> None:
        """Look anew for where the daemon is: one was started."""
        self.close()
        with self._lock:
            self._client = None

    def notify(self, method: str, params: messages.Body) -> None:
        """Say something beside the answer."""
        if not self.over.is_set():
            self._say(messages.notification(method, params))

    def progress(self, total_s: float, message: str) -> None:
        """Say that it goes on, to who asked for that."""
        if self._progress_token is not None:
            done_s = round(time.monotonic() - self._began_at, 1)
            told: messages.Body = {"progressToken": self._progress_token, "progress": done_s}
            self.notify("notifications/progress", {**told, "total": total_s, "message": message})

    def runs(self, process: "Popen[bytes]") -> None:
        """Take a program that is ended where the request is canceled."""
        with self._lock:
            self._process = process

    def cancel(self) -> None:
        """End it: its client waits for nothing any more."""
        self.leave()
        with self._lock:
            if self._process is not None and self._process.returncode is None:
                self._process.terminate()

    def leave(self) -> None:
        """Have it end because the server does; a program that it runs goes on by itself."""
        self.over.set()
        with self._lock:
            if self._client is not None:
                self._client.close()

    def close(self) -> None:
        """Free what it has."""
        with self._lock:
            if self._client is not None:
                self._client.close()
