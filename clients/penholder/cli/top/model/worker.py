"""One worker: what its records said when they were read, and every entry since.

The state comes from entries alone, once the lists are read: a record is newer than the entries that
are still to come, and taking its state would show the worker going back and forth. What no entry
tells (a label, an error's text, a turn that is set without an event) comes from records.
"""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from penholder.cli.top.model.records import Key, Overview, WorkerRecord
from penholder.cli.top.model.text import MAX_SHORT_CHARACTERS, clean, last_line
from penholder.cli.workers import living, summaries
from penholder.cli.workers.summaries import Summary
from penholder_protocol.nouns import Entry

ENDS_A_TURN = frozenset({"idle", "stopped", "error"})


class Worker(msgspec.Struct, kw_only=True):
    """What is known of a worker."""

    key: Key
    controller_id: str
    label: str
    state: str = "starting"
    recovery_state: str = "restartable"
    runtime_pid: int | None = None
    turn_id: str | None = None
    last_error: str | None = None
    host_id: str | None = None
    """The machine that it is on, where several share a store."""
    created_at: str = ""
    output_at: str | None = None
    last_text: str | None = None
    last_type: str | None = None
    summary: Summary | None = None
    changed_at: str = ""
    """When it last came into another state."""
    ended_as: str | None = None
    """How its command ended: `exit 3`, `SIGKILL`; `signal 9` of who tells a number."""

    @property
    def is_living(self) -> bool:
        """Whether its seat is held, or it is starting."""
        return living.is_living(self.state, self.recovery_state, self.runtime_pid)


class Output(msgspec.Struct):
    """What is shown of an `output` event, in any shape: others than ours append them too."""

    text: str | None = None
    base64: bytes | None = None
    stream: str = "stdout"
    continued: bool = False

    @property
    def shown(self) -> str | None:
        """Its text; bytes that are none are replaced; None where it has nothing of the kind."""
        if self.text is None and self.base64 is not None:
            return self.base64.decode(errors="replace")
        return self.text


class _Exit(msgspec.Struct):
    exit_status: int | None = None
    signal: int | str | None = None


class _Change(msgspec.Struct):
    to: str = ""


def of_overview(host: str, seen: Overview) -> Worker:
    """Make a worker of what a list says."""
    worker = of_record(host, seen.worker)
    worker.output_at = seen.last_output_at
    worker.last_text = _short(seen.last_text)
    worker.last_type = None if seen.last_event is None else seen.last_event.type
    if worker.last_type == "process.exited":
        worker.ended_as = _ended_as(seen.last_data)
    worker.summary = summaries.read(seen.summary)
    return worker


def of_record(host: str, record: WorkerRecord) -> Worker:
    """Make a worker of its record."""
    return Worker(
        key=Key(host, record.worker_id),
        controller_id=record.controller_id,
        label=record.label,
        state=record.state,
        recovery_state=record.recovery_state,
        runtime_pid=record.runtime_pid,
        turn_id=record.active_turn_id,
        last_error=record.last_error,
        host_id=record.host_id,
        created_at=record.created_at,
        changed_at=record.updated_at,
    )


def refresh(worker: Worker, record: WorkerRecord) -> None:
    """Take of a record what entries do not tell."""
    worker.label = record.label
    worker.created_at = record.created_at
    worker.last_error = record.last_error
    worker.runtime_pid = record.runtime_pid
    worker.turn_id = record.active_turn_id


def take_own(worker: Worker, entry: Entry) -> None:
    """Take an event of the worker's own stream."""
    worker.last_type = entry.type
    if entry.turn_id is not None:
        worker.turn_id = entry.turn_id
    if entry.type == "output":
        _take_output(worker, entry)
    elif entry.type == summaries.TYPE:
        worker.summary = summaries.read(entry.data)
        worker.output_at = entry.ts
    elif entry.type in ("process.started", "process.exited"):
        worker.ended_as = _ended_as(entry.data)


def _take_output(worker: Worker, entry: Entry) -> None:
    # The lists may have been read after it.
    if worker.output_at is not None and entry.ts < worker.output_at:
        return
    worker.output_at = entry.ts
    output = read_output(entry.data)
    text = None if output is None else output.shown
    # A line that ends one which was shown already is blank, and so are those between paragraphs.
    if text is None or text.strip():
        worker.last_text = None if text is None else _short(last_line(text))


def read_output(data: Raw) -> Output | None:
    """Read the data of an output event; None where it is of another shape."""
    try:
        return msgspec.json.decode(data, type=Output)
    except msgspec.MsgspecError:
        return None


def _ended_as(data: Raw) -> str | None:
    try:
        found = msgspec.json.decode(data, type=_Exit)
    except msgspec.MsgspecError:
        return None
    if isinstance(found.signal, str):
        return clean(found.signal, 12)  # its name alone, which the column has room for
    if found.signal is not None:
        return f"signal {found.signal}"
    return None if found.exit_status is None else f"exit {found.exit_status}"


def _short(text: str | None) -> str | None:
    return None if text is None else clean(text, MAX_SHORT_CHARACTERS)


def _change_state(worker: Worker, entry: Entry) -> None:
    try:
        worker.state = msgspec.json.decode(entry.data, type=_Change).to or worker.state
    except msgspec.MsgspecError:
        return
    worker.changed_at = entry.ts
    if worker.state in ENDS_A_TURN:
        worker.turn_id = None


def _attach(worker: Worker, _: Entry) -> None:
    worker.recovery_state = "attached"


def _detach(worker: Worker, _: Entry) -> None:
    worker.recovery_state = "restartable"
    worker.turn_id = None


def _lose(worker: Worker, _: Entry) -> None:
    worker.recovery_state = "lost"


CHANGES: dict[str, Callable[[Worker, Entry], None]] = {
    "worker.state_changed": _change_state,
    "runtime.attached": _attach,
    "runtime.detached": _detach,
    "runtime.exited": _lose,
}
"""What entries of a controller's stream do to one of its workers."""
