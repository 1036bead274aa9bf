"""What is told of a fleet: noticed in entries, looked for where nothing happens, and asked about.

A question is told whoever first shows it, the list of those that are open at the begin or the entry
that it was asked; once only.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

import msgspec

from penholder.blocking import Client, ConnectionLost, DaemonUnreachable
from penholder.cli import pages
from penholder.cli.terminal import ages, clock
from penholder.cli.watch.facts import Choice, Fact
from penholder.cli.watch.noticing import CONTROLLER, ENDING, WORKER, Noticed, Noticing
from penholder.cli.watch.silences import Silence, Silences
from penholder.cli.workers import hearing
from penholder_protocol.errors import (
    ApprovalNotFound,
    ControllerNotFound,
    StoreFailed,
    WorkerNotFound,
)
from penholder_protocol.nouns import Approval, Entry, Pong, Worker, WorkerOverview

_ANSWERS = ("approval.decided", "approval.canceled", "approval.expired")
_MOVES = ("runtime.attached", "worker.state_changed", "process.started")
Item = TypeVar("Item", Approval, WorkerOverview)
Answer = TypeVar("Answer")


class _About(msgspec.Struct):
    worker_id: str | None = None
    request_id: str | None = None


class Watching:
    """One fleet, or one controller's part of it; tells each fact once.

    Silences are reckoned by the daemon's clock: the one here may be another. While the daemon is
    away `pause` is called, and then it is asked again: what was noticed once would not be noticed
    another time.
    """

    def __init__(
        self,
        client: Client,
        controller_id: str | None,
        stall_after_s: float,
        tell: Callable[[Fact], None],
        pause: Callable[[], None],
    ) -> None:
        """Begin to watch; nothing is asked before `begin`."""
        self._client = client
        self._scope = {} if controller_id is None else {"controller_id": controller_id}
        self._tell = tell
        self._pause = pause
        self._silences = Silences(stall_after_s)
        self._noticing = Noticing()
        self._open: set[str] = set()
        """Questions that were told and may still be open."""

    @property
    def look_every_s(self) -> float:
        """How long to wait from one look at who is silent to the next."""
        return self._silences.look_every_s

    def begin(self) -> None:
        """Tell the questions that are open and were not told, at the begin and after a gap."""
        living = self._all("worker.overview", {**self._scope, "living": True}, WorkerOverview)
        workers = [each.worker for each in living]
        self._noticing = Noticing([each.worker_id for each in workers if each.state in ENDING])
        pending = list(self._all("approval.list", self._scope, Approval))
        for approval in pending:
            if approval.request_id not in self._open:
                self._tell_question(approval, is_new=False)
        self._open = {each.request_id for each in pending}

    def take(self, entry: Entry) -> None:
        """Take an entry, and tell what is to be told of it."""
        self._note_move(entry)
        noticed = self._noticing.take(entry)
        if noticed is None:
            return
        if noticed.kind == "question":
            self._take_question(noticed)
        else:
            self._tell_failure(noticed)

    def look(self) -> None:
        """Look who is silent, and tell it."""
        seen = self._all("worker.overview", {**self._scope, "living": True}, WorkerOverview)
        now = datetime.fromisoformat(self._call("rpc.ping", {}, Pong).ts)
        for silence in self._silences.look(seen, now):
            self._tell_silence(silence, now)

    def _note_move(self, entry: Entry) -> None:
        """Note who has begun anew, and which questions are over."""
        if entry.stream.startswith(WORKER):
            worker_id: str | None = entry.stream.removeprefix(WORKER)
        elif entry.stream.startswith(CONTROLLER):
            about = msgspec.json.decode(entry.data, type=_About)
            worker_id = about.worker_id
            if entry.type in _ANSWERS and about.request_id is not None:
                self._open.discard(about.request_id)
        else:
            return
        if worker_id is not None and entry.type in _MOVES:
            self._silences.moved(worker_id, datetime.fromisoformat(entry.ts))

    def _take_question(self, noticed: Noticed) -> None:
        assert noticed.request_id is not None  # a question has one
        if noticed.request_id in self._open:
            return
        try:
            params = {"request_id": noticed.request_id}
            approval = self._call("approval.get", params, Approval)
        except ApprovalNotFound:
            return  # its worker was removed meanwhile, and nobody can answer it
        if approval.state == "pending":
            self._open.add(approval.request_id)
        self._tell_question(approval)

    def _tell_question(self, approval: Approval, *, is_new: bool = True) -> None:
        worker = self._worker(approval.worker_id)
        if worker is None:
            return
        # What has just been asked is told even where its asker is gone: it was asked.
        if not is_new and not hearing.is_heard(approval, worker):
            return
        choices = (Choice(each.id, each.label, each.kind) for each in approval.options)
        self._tell(
            Fact(
                kind="question",
                time=approval.created_at,
                worker_id=worker.worker_id,
                name=worker.label,
                controller_id=worker.controller_id,
                text=approval.message,
                request_id=approval.request_id,
                options=tuple(choices),
                state=approval.state,
            )
        )

    def _tell_failure(self, noticed: Noticed) -> None:
        worker = self._worker(noticed.worker_id)
        last_error = None if worker is None else worker.last_error
        self._tell(
            Fact(
                kind="failure",
                time=noticed.at,
                worker_id=noticed.worker_id,
                name=noticed.worker_id if worker is None else worker.label,
                controller_id="" if worker is None else worker.controller_id,
                text=noticed.text or last_error or "went to error",
            )
        )

    def _tell_silence(self, silence: Silence, now: datetime) -> None:
        worker = silence.overview.worker
        quiet_s = (now - silence.since).total_seconds()
        self._tell(
            Fact(
                kind="silence",
                time=clock.written(now),
                worker_id=worker.worker_id,
                name=worker.label,
                controller_id=worker.controller_id,
                text=f"no output for {ages.duration(quiet_s)}",
            )
        )

    def _worker(self, worker_id: str) -> Worker | None:
        try:
            return self._call("worker.get", {"worker_id": worker_id}, Worker)
        except WorkerNotFound:
            return None

    def _all(self, method: str, params: Mapping[str, object], kind: type[Item]) -> Iterator[Item]:
        try:
            yield from pages.items(self._call, method, params, kind)
        except ControllerNotFound:
            return  # the directory's, which is made with its first worker

    def _call(self, method: str, params: Mapping[str, object], kind: type[Answer]) -> Answer:
        while True:
            try:
                return self._client.call(method, params, kind)
            except (ConnectionLost, DaemonUnreachable, StoreFailed):
                self._pause()
