"""Where the processor time of one append goes: each layer by itself, in one process."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar

import msgspec

from bench.clients.line import request
from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.core.commit import Committer
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.rules import Rules
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.kernel.world import RealWorld
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.opening import open_writer
from penholder_protocol import jsonrpc

T = TypeVar("T")
ROUNDS = 5
CALLS = 2048
WORKERS = 8
BATCHES = (1, 8, 64)
_CONTROLLER = {"controller_id": "c", "label": "c", "workspace_key": "/"}
_WORKER = {"controller_id": "c", "label": "w", "launcher": "bench", "profile": "p", "cwd": "/"}
_ANSWER = b"x" * 250


def _raise(_call: Invocation | None, bug: Exception) -> None:
    raise bug


class Parts:
    """A committer on a database of its own, and requests to it."""

    def __init__(self, store: WriterStore, directory: Path) -> None:
        """Make workers that somebody owns."""
        self._store = store
        self.registry: Registry = build_registry()
        world = RealWorld(directory, Rules())
        self._committer = Committer(store, world, self.registry, _raise)
        self._caller = Caller(CONTROL, os.geteuid(), os.getpid())
        self._number = 0
        self._commit([self._call("controller.register", _CONTROLLER)])
        owner = self._commit([self._call("controller.acquire", {"controller_id": "c"})])
        handle = msgspec.json.decode(owner[0])
        self._fence = {"epoch": handle["epoch"], "token": handle["token"]}
        self._worker_ids = [self._make_worker() for _ in range(WORKERS)]

    def _make_worker(self) -> str:
        made = self._commit([self._call("worker.create", {**_WORKER, "fence": self._fence})])
        return str(msgspec.json.decode(made[0])["worker_id"])

    def _call(self, method: str, params: Mapping[str, object]) -> Invocation:
        return self.check(_parsed(request(method, dict(params))))

    def check(self, asked: jsonrpc.Request) -> Invocation:
        """Find the method and decode the params."""
        return self.registry.require(asked.method).invoke(self._caller, asked.params, "r")

    def _commit(self, calls: list[Invocation]) -> list[bytes]:
        answers = self._committer.run(calls).answers
        assert all(isinstance(answer, bytes) for answer in answers), answers
        return [answer for answer in answers if isinstance(answer, bytes)]

    def requests(self, *, keyed: bool) -> list[bytes]:
        """Return requests as they come, each to the next worker."""
        return [self._request(at, keyed=keyed) for at in range(CALLS)]

    def _request(self, at: int, *, keyed: bool) -> bytes:
        self._number += 1
        params: dict[str, object] = {"idempotency_key": f"{self._number:024}"} if keyed else {}
        params |= {"worker_id": self._worker_ids[at % WORKERS], "fence": self._fence}
        return request("event.append", {**params, "type": "output", "data": {"text": "x"}})

    def commit_all(self, calls: list[Invocation], size: int) -> None:
        """Commit in batches of a size."""
        for begin in range(0, len(calls), size):
            self._commit(calls[begin : begin + size])

    def move_log(self) -> None:
        """Have no checkpoint fall due amid what is measured."""
        self._store.checkpoint_if_due(time.perf_counter())


def _parsed(frame: bytes) -> jsonrpc.Request:
    found = jsonrpc.parse(frame)
    assert isinstance(found, jsonrpc.Request), found
    return found


def _us(act: Callable[[], object]) -> float:
    """Return the processor time of one call of many, in microseconds."""
    begun = time.process_time()
    act()
    return 1e6 * (time.process_time() - begun) / CALLS


@contextmanager
def _sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def _send_and_receive() -> None:
    with _sockets() as (ours, theirs):
        for _ in range(CALLS):
            ours.send(_ANSWER)
            theirs.recv(1 << 16)


def _round(parts: Parts) -> dict[str, float]:
    found = {"one send and one receive": _us(_send_and_receive)}
    for keyed, words in ((False, ""), (True, ", with a key")):
        frames = parts.requests(keyed=keyed)
        asked = list(map(_parsed, frames))
        found[f"parse{words}"] = _us(partial(_each, jsonrpc.parse, frames))
        found[f"check{words}"] = _us(partial(_each, parts.check, asked))
        for size in BATCHES:
            calls = [parts.check(_parsed(each)) for each in parts.requests(keyed=keyed)]
            parts.move_log()
            found[f"commit, {size} at once{words}"] = _us(partial(parts.commit_all, calls, size))
    return found


def _each(act: Callable[[T], object], given: list[T]) -> None:
    for one in given:
        act(one)


def main() -> None:
    """Where the processor time of one append goes, each layer by itself."""
    with TemporaryDirectory(prefix="ph-parts-") as name:
        directory = Path(name)
        with closing(open_writer(directory / "penholder.db")) as store:
            parts = Parts(store, directory)
            _round(parts)
            rounds = [_round(parts) for _ in range(ROUNDS)]
    print(f"{'µs an append':36}{'median':>8}{'least':>8}")
    for what in rounds[0]:
        found = [each[what] for each in rounds]
        print(f"{what:36}{median(found):8.1f}{min(found):8.1f}")
