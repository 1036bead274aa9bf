"""What tests of `penholder top` are made of: entries, records, a fleet, a desk."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Raw
from msgspec.json import encode

from penholder.cli.top.drawing.rows import Row
from penholder.cli.top.model.desk import Desk
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.notices import Came, Listed, Notice
from penholder.cli.top.model.records import (
    Controller,
    Key,
    Overview,
    Question,
    WorkerRecord,
)
from penholder_protocol.nouns import Entry, Option

HOST = "local"
NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def at(seconds_ago: float) -> str:
    """Write a time as the daemon does."""
    moment = datetime.fromtimestamp(NOW.timestamp() - seconds_ago, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def option(
    id_: str, alias: str | None = None, label: str | None = None, kind: str | None = None
) -> Option:
    """Make an option of a question."""
    return Option(id=id_, alias=alias, label=label, kind=kind)


OPTIONS = [option("allow", "allow", "Allow"), option("deny", "deny", "Deny")]


def record(worker_id: str, label: str = "", **fields: str) -> WorkerRecord:
    """Make a worker's record: one that runs, unless it is said otherwise."""
    given: dict[str, Any] = {
        "controller_id": "c", "state": "running", "recovery_state": "attached",
        "created_at": at(600), "updated_at": at(600), **fields,
    }  # fmt: skip
    return WorkerRecord(worker_id=worker_id, label=label or worker_id, **given)


def overview(worker_id: str, label: str = "", text: str | None = None, **fields: str) -> Overview:
    """Make what a list says of a worker."""
    since = None if text is None else at(30)
    return Overview(worker=record(worker_id, label, **fields), last_output_at=since, last_text=text)


def question(
    request_id: str, worker_id: str = "w1", message: str = "Go on?", **fields: Any
) -> Question:
    """Make a pending question."""
    given = {"options": OPTIONS, "created_at": at(60), "kind": "tool.call", **fields}
    return Question(
        request_id=request_id, worker_id=worker_id, state="pending", message=message, **given
    )


class Journal:
    """Makes entries, numbered as the daemon numbers them."""

    def __init__(self) -> None:
        """Begin before the first one."""
        self.pos = 0
        self._seqs: dict[str, int] = {}

    def entry(self, stream: str, type_: str, /, turn_id: str | None = None, **data: Any) -> Entry:
        """Make the next entry of a stream."""
        self.pos += 1
        self._seqs[stream] = self._seqs.get(stream, 0) + 1
        return Entry(
            entry_id=f"ev_{self.pos}", pos=self.pos, stream=stream, seq=self._seqs[stream],
            ts=at(30 - self.pos / 1000), type=type_, turn_id=turn_id, data=Raw(encode(data)),
            raw=Raw(b"null"), request_id=None,
        )  # fmt: skip

    def output(self, worker_id: str, text: str, to: str = "stdout", **more: Any) -> Entry:
        """Make a line of output."""
        return self.entry(f"worker:{worker_id}", "output", stream=to, text=text, **more)

    def of_controller(
        self, type_: str, worker_id: str, controller: str = "c", **data: Any
    ) -> Entry:
        """Make an entry of a controller's stream about a worker."""
        return self.entry(f"controller:{controller}", type_, worker_id=worker_id, **data)


def fleet(*notices: Notice, hosts: tuple[str, ...] = (HOST,)) -> Fleet:
    """Fold notices."""
    made = Fleet(hosts)
    for notice in notices:
        made.take(notice)
    return made


def listed(
    workers: Sequence[Overview] = (), questions: Sequence[Question] = (), host: str = HOST
) -> Listed:
    """Make the lists of a host with two controllers."""
    names = [Controller("c", "project"), Controller("d", "another")]
    return Listed(host, workers, questions, names)


def came(*entries: Entry, host: str = HOST, **records: Any) -> Came:
    """Make a notice of entries."""
    return Came(host, entries, **records)


def key(id_: str, host: str = HOST) -> Key:
    """Name something of the host."""
    return Key(host, id_)


def settled(of: Fleet, desk: Desk | None = None) -> Desk:
    """Return a desk that fits a fleet."""
    made = desk or Desk()
    made.settle(of, NOW.timestamp())
    return made


def texts(rows: Sequence[Row]) -> list[str]:
    """Return the rows' texts."""
    return [row.text for row in rows]
