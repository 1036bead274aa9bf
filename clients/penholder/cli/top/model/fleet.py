"""The facts: a fold of what the feed tells, host by host. Nothing here asks a clock.

Lists are read once and entries from a position before them, so the first entries may tell what the
lists had already. Each is taken as it is: it says what became of something, and the last one says
what it is now. An entry about what is not known is of something that is gone.

What grows is bounded: ended workers, questions, lines, and of questions that are gone only the last
few are kept, so that a person sees what became of the one that was chosen.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from penholder.cli.terminal import ages
from penholder.cli.top.model import worker as workers
from penholder.cli.top.model.notices import (
    Back,
    Came,
    ClockRead,
    DetailsRead,
    Listed,
    Lost,
    Notice,
    TailRead,
)
from penholder.cli.top.model.records import Controller, Key, Question
from penholder.cli.top.model.tail import Tail
from penholder.cli.top.model.worker import Worker
from penholder.cli.workers import hearing
from penholder_protocol.nouns import Entry

MAX_ENDED = 1_000
"""Workers that have ended, kept of each host; the newest."""
MAX_QUESTIONS = 2_000
"""Of each host; the oldest, which are asked about first."""
_MAX_GONE = 50
_SLACK = 100
"""So that not every entry has the ended ones counted out."""
_EPOCH = datetime.fromtimestamp(0, UTC)
_CONTROLLER = "controller:"
_WORKER = "worker:"


class Stale(msgspec.Struct, frozen=True):
    """Since when a host does not answer (seconds since 1970), and why."""

    since: float
    why: str


class Gone(msgspec.Struct, frozen=True):
    """A question that is no longer pending, and what became of it."""

    question: Question
    outcome: str


class _About(msgspec.Struct):
    worker_id: str = ""
    request_id: str = ""
    label: str = ""
    state: str = "starting"


class Fleet:
    """Everything that is known of the hosts."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        """Know the hosts' names only."""
        self.hosts = hosts
        self.listed: set[str] = set()
        self.stale: dict[str, Stale] = {}
        self.ahead_s: dict[str, float] = {}
        """How far the clock that each host's times are of is ahead of the one here."""
        self.cut: set[str] = set()
        self.workers: dict[Key, Worker] = {}
        self.questions: dict[Key, Question] = {}
        self.gone: dict[Key, Gone] = {}
        self.controllers: dict[Key, str] = {}
        self.machines: dict[str, Mapping[str, str]] = {}
        """Of each host those that share its store: what they are called, by id."""
        self.tail: Tail | None = None
        self.details: DetailsRead | None = None

    def take(self, notice: Notice) -> None:
        """Take what the feed tells."""
        match notice:
            case Listed():
                self._take_lists(notice)
            case Came():
                self._take_entries(notice)
            case Lost():
                # The first failure is since when; those that follow only say it again.
                self.stale.setdefault(notice.host, Stale(notice.at, notice.why))
            case Back():
                self.stale.pop(notice.host, None)
            case ClockRead():
                self.ahead_s[notice.host] = notice.ahead_s
            case TailRead():
                if self.tail is not None and self.tail.worker == notice.worker:
                    self.tail.read(notice.events)
            case DetailsRead():
                self.details = notice

    def watch(self, worker: Key | None) -> None:
        """Keep the end of another worker's stream from now on, and none else."""
        if worker is None:
            self.tail = None
        elif self.tail is None or self.tail.worker != worker:
            self.tail = Tail(worker)
        if self.details is not None and self.details.worker != worker:
            self.details = None

    def moment(self, host: str, now: datetime) -> datetime:
        """Return what time it is by the clock that a host's times are of; `now` is of the one here.

        How old something is, is told by no other: hosts differ, and the machine here from all.
        """
        return now + timedelta(seconds=self.ahead_s.get(host, 0.0))

    def here(self, host: str, time: str | None) -> float:
        """Return when a time of a host was by the clock here, in seconds since 1970; 0 for none.

        Times of several hosts have an order by this alone.
        """
        before_s = ages.seconds_since(time or "", _EPOCH)
        return 0.0 if before_s is None else -before_s - self.ahead_s.get(host, 0.0)

    def asks(self) -> Counter[Key]:
        """Count the questions of each worker that somebody waits with."""
        heard = (key for key in self.questions if self.is_heard(key))
        return Counter(Key(key.host, self.questions[key].worker_id) for key in heard)

    def is_heard(self, key: Key) -> bool:
        """Tell whether somebody would take the answer of a pending question."""
        question = self.questions[key]
        worker = self.workers.get(Key(key.host, question.worker_id))
        return worker is None or hearing.is_heard(question, worker)

    def _take_lists(self, listed: Listed) -> None:
        host = listed.host
        self._forget(host)
        self.listed.add(host)
        self.machines[host] = listed.machines
        if listed.is_cut:
            self.cut.add(host)
        for seen in listed.workers:
            worker = workers.of_overview(host, seen)
            self.workers[worker.key] = worker
        for question in listed.questions:
            self._ask(host, question)
        self._name(host, listed.controllers)

    def _forget(self, host: str) -> None:
        self.cut.discard(host)
        self.workers = {key: each for key, each in self.workers.items() if key.host != host}
        self.questions = {key: each for key, each in self.questions.items() if key.host != host}
        # Entries are missing where the lists had to be read again: so may lines of its stream.
        if self.tail is not None and self.tail.worker.host == host:
            self.tail = None

    def _take_entries(self, came: Came) -> None:
        for record in came.workers:
            key = Key(came.host, record.worker_id)
            known = self.workers.setdefault(key, workers.of_record(came.host, record))
            workers.refresh(known, record)
        for question in came.questions:
            self._ask(came.host, question)
        self._name(came.host, came.controllers)
        for entry in came.entries:
            self._take_entry(came.host, entry)
        self._bound(came.host)

    def _name(self, host: str, controllers: Iterable[Controller]) -> None:
        for controller in controllers:
            self.controllers[Key(host, controller.controller_id)] = controller.label

    def _take_entry(self, host: str, entry: Entry) -> None:
        if entry.stream.startswith(_WORKER):
            self._take_own(Key(host, entry.stream[len(_WORKER) :]), entry)
        elif entry.stream.startswith(_CONTROLLER):
            self._take_of_controller(host, entry)

    def _take_own(self, key: Key, entry: Entry) -> None:
        worker = self.workers.get(key)
        if worker is not None:
            workers.take_own(worker, entry)
        if self.tail is not None and self.tail.worker == key:
            self.tail.come(entry)

    def _take_of_controller(self, host: str, entry: Entry) -> None:
        try:
            about = msgspec.json.decode(entry.data, type=_About)
        except msgspec.MsgspecError:
            return
        key = Key(host, about.worker_id)
        if entry.type.startswith("approval."):
            self._take_question(Key(host, about.request_id), entry.type.partition(".")[2])
        elif entry.type == "worker.created":
            self._create(key, entry, about)
        elif entry.type == "worker.removed":
            self.workers.pop(key, None)
        elif (change := workers.CHANGES.get(entry.type)) and key in self.workers:
            change(self.workers[key], entry)

    def _create(self, key: Key, entry: Entry, about: _About) -> None:
        if key not in self.workers:
            self.workers[key] = Worker(
                key=key,
                controller_id=entry.stream[len(_CONTROLLER) :],
                label=about.label,
                state=about.state,
                created_at=entry.ts,
            )

    def _ask(self, host: str, question: Question) -> None:
        key = Key(host, question.request_id)
        if question.state != "pending" or key in self.gone:
            return
        if len(self.questions) < MAX_QUESTIONS:
            self.questions[key] = question
        else:
            self.cut.add(host)

    def _take_question(self, key: Key, outcome: str) -> None:
        if outcome == "requested":
            return  # its record comes with the entry
        question = self.questions.pop(key, None)
        if question is not None:
            self.gone[key] = Gone(question, outcome)
        while len(self.gone) > _MAX_GONE:
            del self.gone[next(iter(self.gone))]

    def _bound(self, host: str) -> None:
        ended = [each for each in self.workers.values() if not each.is_living]
        if len(ended) <= MAX_ENDED + _SLACK:
            return
        ended = [each for each in ended if each.key.host == host]
        ended.sort(key=lambda each: each.created_at, reverse=True)
        watched = None if self.tail is None else self.tail.worker
        for each in ended[MAX_ENDED:]:
            if each.key != watched:
                del self.workers[each.key]
