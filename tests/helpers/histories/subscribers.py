"""Subscribers that outlive their daemon: each goes on, over a new connection, where it was."""

import socket
import threading
from contextlib import suppress

from tests.helpers.daemon_process import RawConnection
from tests.helpers.histories import scene
from tests.helpers.histories.asking import LOST, TRY_AGAIN
from tests.helpers.histories.hosts import Host
from tests.helpers.histories.recorded import Entry, Told
from tests.helpers.waiting import until

_PAUSE_SECONDS = 0.05


class Subscriber:
    """Keeps all that one daemon tells, on a thread of its own."""

    def __init__(self, name: str, host: Host) -> None:
        """Hear from the start of the journal on."""
        self._name = name
        self._host = host
        self._entries: list[Entry] = []
        self._refusals: list[str] = []
        self._pos = 0
        self._enough = threading.Event()
        self._connection: RawConnection | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def told(self) -> Told:
        """Return all that it was told."""
        return Told(self._name, tuple(self._entries), 0, tuple(self._refusals))

    def end_at(self, pos: int) -> None:
        """Wait until it was told of the last entry, and end."""
        try:
            until(
                lambda: self._pos >= pos, f"{self._name} hears no more after {self._pos} of {pos}"
            )
        finally:
            self._enough.set()
            connection = self._connection
            if connection is not None:
                with suppress(OSError):
                    connection.socket.shutdown(socket.SHUT_RDWR)
            self._thread.join()

    def _run(self) -> None:
        while not self._enough.is_set():
            with suppress(*LOST), self._host.connect() as connection:
                self._connection = connection
                self._listen(connection)
            self._enough.wait(_PAUSE_SECONDS)

    def _listen(self, connection: RawConnection) -> None:
        answer = connection.answer(
            connection.request("journal.subscribe", streams=scene.STREAMS, after=self._pos)
        )
        if "error" in answer:
            code = str(answer["error"]["data"]["code"])
            if code not in TRY_AGAIN:
                self._refusals.append(code)
            return
        while not self._enough.is_set():
            told = connection.notification()
            params = told["params"]
            if told["method"] != "journal.entries":
                # It fell behind; what it has been told holds all the same.
                self._pos = int(params["resume_after"])
                return
            self._entries += map(scene.entry, params["entries"])
            self._pos = max(self._pos, int(params["pos"]))
