"""What a picture needs, asked of a running daemon: no more than a person can look at.

Whose workers to show comes from the entries of controllers' streams in the time that was asked for,
and from the workers that live. At most MAX_ROWS are shown, the living first, then those of whom
something was told last. Their own streams and questions are read for these alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import islice
from typing import TypeVar

import msgspec

from penholder.blocking import Client
from penholder.cli import pages
from penholder.cli.timeline.facts import (
    CONTROLLER,
    WORKER,
    Facts,
    Happening,
    Present,
    data_of,
    milliseconds,
)
from penholder.cli.timeline.reading import Journal
from penholder.cli.timeline.sampling import Sampled
from penholder.cli.workers import overviews, summaries
from penholder.cli.workers.summaries import Summary
from penholder_protocol.errors import ApprovalNotFound, CursorGone
from penholder_protocol.nouns import Approval, Controller, CurrentPosition, Pong

MAX_ROWS = 200
MAX_WORKERS = 20_000
"""How many workers are looked at, to show MAX_ROWS of them."""
MAX_CONTROLLERS = 5_000
MAX_QUESTIONS = 500
"""Of so many the text is told, the newest."""
_PAGES = 100
_AT_ONCE = 64
_MOST_SAMPLES = 240
_ALL_SAMPLES = 4_000
_MOST_SCANS = 600
_ALL_SCANS = 4_000
"""Of all workers together, as samples: a few with very much, or many with less, cost the same."""
Item = TypeVar("Item", Present, Controller)


class Wanted(msgspec.Struct, frozen=True):
    """What to show: one worker, a controller's workers, or all; since when."""

    zone: tzinfo
    controller_id: str | None = None
    worker_id: str | None = None
    since_ms: int | None = None
    """Since so long ago; None for all there is."""


def gather(client: Client, wanted: Wanted, journal: Journal | None = None) -> Facts:
    """Ask the daemon for what a picture of these workers needs."""
    return _Gathering(client, wanted, journal or Journal(client)).facts()


class _Gathering:
    def __init__(self, client: Client, wanted: Wanted, journal: Journal) -> None:
        self._client = client
        self._wanted = wanted
        self._journal = journal
        self._notes: list[str] = []
        self._end = client.call("journal.position", {}, CurrentPosition).pos
        self._end_ms = milliseconds(client.call("rpc.ping", {}, Pong).ts)

    def facts(self) -> Facts:
        """Read everything, in the order in which each tells what is needed of the next."""
        controllers = self._controllers()
        workers = self._workers()
        begin_ms = self._begin_ms(workers)
        after = self._journal.begin(["*"], begin_ms, self._end) if begin_ms else 0
        told = [
            each
            for each in self._told(list(controllers), after, begin_ms)
            if begin_ms <= each.ms and each.pos <= self._end
        ]
        worker_ids = self._chosen(workers, told)
        wrote = [
            each
            for worker_id in worker_ids
            for each in self._wrote(worker_id, after, begin_ms, len(worker_ids))
        ]
        self._note_limits()
        happenings = sorted([*told, *wrote], key=_position)
        shown = {each: workers[each] for each in worker_ids if each in workers}
        first_ms, last_ms = self._extent(begin_ms, happenings, list(shown.values()))
        return Facts(
            begin_ms=first_ms,
            end_ms=last_ms,
            happenings=happenings,
            workers=shown,
            controllers={each.controller_id: each.label for each in controllers.values()},
            questions=self._questions(told, worker_ids),
            summaries=self._summaries(worker_ids),
            notes=self._notes,
            worker_ids=worker_ids,
            zone=self._wanted.zone,
        )

    def _controllers(self) -> Mapping[str, Controller]:
        if self._wanted.controller_id is not None:
            params = {"controller_id": self._wanted.controller_id}
            one = self._client.call("controller.get", params, Controller)
            return {one.controller_id: one}
        found = self._listed("controller.list", {}, Controller, MAX_CONTROLLERS, "controllers")
        return {each.controller_id: each for each in found}

    def _workers(self) -> Mapping[str, Present]:
        if self._wanted.worker_id is not None:
            params = {"worker_id": self._wanted.worker_id}
            one = self._client.call("worker.get", params, Present)
            return {one.worker_id: one}
        params = {} if (own := self._wanted.controller_id) is None else {"controller_id": own}
        found = self._listed("worker.list", params, Present, MAX_WORKERS, "workers")
        return {each.worker_id: each for each in found}

    def _listed(
        self, method: str, params: Mapping[str, str], kind: type[Item], most: int, what: str
    ) -> list[Item]:
        found = list(pages.items(self._client.call, method, params, kind, most + 1))
        if len(found) > most:
            self._notes.append(f"only the newest {most:,} {what} were looked at")
        return found[:most]

    def _begin_ms(self, workers: Mapping[str, Present]) -> int:
        """Return when the picture begins; 0 where the first entry says it."""
        if self._wanted.since_ms is not None:
            return self._end_ms - self._wanted.since_ms
        if self._wanted.worker_id is not None:
            return milliseconds(workers[self._wanted.worker_id].created_at)
        return 0

    def _extent(
        self, begin_ms: int, happenings: Sequence[Happening], shown: Sequence[Present]
    ) -> tuple[int, int]:
        """Return when the picture begins and ends: not before the first, nor long after the last.

        Of a day in which something happened for a minute, the minute would not be seen.
        """
        living = [each for each in shown if each.is_living]
        times = [each.ms for each in happenings]
        times += [milliseconds(each.created_at) for each in living] or [self._end_ms] * (not times)
        first, last = min(times), max(times)
        margin_ms = max(1, (last - first) // 20)
        end_ms = self._end_ms if living else min(self._end_ms, last + margin_ms)
        return min(max(begin_ms, first), end_ms - 1), end_ms

    def _told(
        self, controller_ids: Sequence[str], after: int | None, begin_ms: int
    ) -> Iterator[Happening]:
        """Yield what controllers' streams tell."""
        streams = [f"{CONTROLLER}{each}" for each in controller_ids]
        for first in range(0, len(streams), _AT_ONCE):
            some = streams[first : first + _AT_ONCE]
            found = None if after is None else self._read_together(some, after)
            if found is None:
                found = [
                    each
                    for stream in some
                    for each in self._read([stream], self._after(stream, after, begin_ms))
                ]
            yield from found

    def _read_together(self, streams: Sequence[str], after: int) -> list[Happening] | None:
        """Read several streams at once; None where retention has taken some of any."""
        try:
            return list(self._read(streams, after))
        except CursorGone:
            return None

    def _after(self, stream: str, after: int | None, begin_ms: int) -> int:
        """Return where a stream's part of the picture begins."""
        if after is not None:
            return after
        # What retention has taken of others hid where the time begins in the whole journal.
        return self._journal.begin([stream], begin_ms, self._end) or 0

    def _read(self, streams: Sequence[str], after: int) -> Iterator[Happening]:
        pos = after
        for stretch in self._journal.pages(streams, after, _PAGES):
            yield from stretch.items
            pos = stretch.pos
            if pos >= self._end:
                return
        if pos < self._end:
            self._notes.append(
                f"what happened to workers was read up to position {pos:,} of {self._end:,}:"
                " name a controller, or a shorter --since"
            )

    def _chosen(self, workers: Mapping[str, Present], told: Sequence[Happening]) -> list[str]:
        if self._wanted.worker_id is not None:
            return [self._wanted.worker_id]
        last = {
            data.worker_id: each.pos
            for each in told
            if (data := data_of(each)).worker_id is not None
        }
        living = {each.worker_id for each in workers.values() if each.is_living}
        found = sorted({*last, *living}, key=lambda each: (each not in living, -last.get(each, 0)))
        if len(found) > MAX_ROWS:
            self._notes.append(
                f"{len(found) - MAX_ROWS:,} of {len(found):,} workers are left out, those that"
                " ended first: name a worker or a controller, or a shorter --since"
            )
        return found[:MAX_ROWS]

    def _wrote(
        self, worker_id: str, after: int | None, begin_ms: int, many: int
    ) -> Iterator[Happening]:
        """Yield entries of a worker's own stream."""
        stream = f"{WORKER}{worker_id}"
        samples = min(_MOST_SAMPLES, max(16, _ALL_SAMPLES // many))
        scans = min(_MOST_SCANS, max(16, _ALL_SCANS // many))
        begin = self._after(stream, after, begin_ms)
        found = Sampled(self._journal, stream, begin, self._end, samples=samples, scans=scans)
        if not found.is_whole:
            self._notes.append(
                f"{worker_id}: too many entries to read each one; their density is told from"
                f" {len(found.happenings):,} of them, and turns as far as these show them"
            )
        if not found.is_scanned:
            self._notes.append(
                f"{worker_id}: later turns, starts and ends of its command were not looked for"
            )
        yield from (each for each in found.happenings if begin_ms <= each.ms)

    def _note_limits(self) -> None:
        if self._journal.calls_left <= 0:
            self._notes.append("there was more to read than one picture reads; it is not whole")
        if self._journal.pruned:
            pruned = sorted(self._journal.pruned)
            some = ", ".join(pruned[:3])
            self._notes.append(
                f"retention has taken the beginning of {len(pruned):,} streams: {some}"
            )

    def _summaries(self, worker_ids: Sequence[str]) -> Mapping[str, Summary]:
        shown, found = set(worker_ids), dict[str, Summary]()
        for each in islice(overviews.read(self._client, self._wanted.controller_id), MAX_WORKERS):
            summary = summaries.read(each.summary)
            if each.worker.worker_id in shown and summary is not None:
                found[each.worker.worker_id] = summary
        return found

    def _questions(
        self, told: Sequence[Happening], worker_ids: Sequence[str]
    ) -> Mapping[str, Approval]:
        shown = set(worker_ids)
        asked = dict.fromkeys(
            data.request_id
            for each in told
            if each.type.startswith("approval.")
            and (data := data_of(each)).request_id is not None
            and data.worker_id in shown
        )
        if len(asked) > MAX_QUESTIONS:
            self._notes.append(
                f"the texts of {len(asked) - MAX_QUESTIONS:,} questions are left out, the oldest"
            )
        found: dict[str, Approval] = {}
        for request_id in list(asked)[-MAX_QUESTIONS:]:
            try:
                params = {"request_id": request_id}
                found[request_id] = self._client.call("approval.get", params, Approval)
            except ApprovalNotFound:  # of a worker that was removed, with all that it asked
                continue
        return found


def _position(happening: Happening) -> int:
    return happening.pos
