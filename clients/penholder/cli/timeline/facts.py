"""What a picture is made of: entries of the journal, and what is known of whom they are about."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

import msgspec
from msgspec import Raw

from penholder.cli.workers import living
from penholder.cli.workers.summaries import Summary
from penholder_protocol.nouns import Approval

NOTHING = Raw(b"{}")
CONTROLLER, WORKER = "controller:", "worker:"
PROCESS_TYPES = ("process.started", "process.exited", "process.failed")
"""What runners write into a worker's stream about its command."""


class Happening(msgspec.Struct, frozen=True):
    """An entry, as far as it matters here."""

    pos: int
    stream: str
    seq: int
    ts: str
    type: str
    turn_id: str | None = None
    data: Raw = NOTHING

    @property
    def ms(self) -> int:
        """When it was, in milliseconds since 1970."""
        return milliseconds(self.ts)


class Present(msgspec.Struct, frozen=True):
    """A worker as it is now."""

    worker_id: str
    controller_id: str
    label: str
    state: str
    recovery_state: str
    created_at: str
    updated_at: str
    last_error: str | None = None
    runtime_pid: int | None = None

    @property
    def is_living(self) -> bool:
        """Whether its seat is held, or it is starting."""
        return living.is_living(self.state, self.recovery_state, self.runtime_pid)


class Facts(msgspec.Struct, frozen=True):
    """All that a picture is made of. Times are milliseconds since 1970."""

    begin_ms: int
    end_ms: int
    happenings: Sequence[Happening]
    """Entries of controllers' and workers' streams; some of a long stream may be left out."""
    workers: Mapping[str, Present]
    controllers: Mapping[str, str]
    """Labels by id."""
    questions: Mapping[str, Approval]
    summaries: Mapping[str, Summary] = {}
    """What those who live say of themselves, by their ids."""
    notes: Sequence[str] = ()
    """What was left out, in words."""
    worker_ids: Sequence[str] | None = None
    """Whom to show; None for all who occur."""
    zone: tzinfo = UTC


class Data(msgspec.Struct, frozen=True):
    """The fields of entries that are read here; each is there in some types only."""

    worker_id: str | None = None
    label: str | None = None
    state: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    uid: int | None = None
    pid: int | None = None
    beside_owner: bool = False
    takeover: bool = False
    epoch: int | None = None
    owner_pid: int | None = None
    runtime_epoch: int | None = None
    runtime_pid: int | None = None
    request_id: str | None = None
    exit_status: int | None = None
    signal: str | None = None
    attempt: int | None = None
    error: str | None = None

    @property
    def actor(self) -> str:
        """Say who did it, as the kernel told the daemon."""
        if self.uid is None or self.pid is None:
            return "somebody"
        beside = ", beside the owner" if self.beside_owner else ""
        return f"uid {self.uid}, pid {self.pid}{beside}"


_decode = msgspec.json.Decoder(Data).decode
_EMPTY = Data()


def data_of(happening: Happening) -> Data:
    """Read the data of an entry; empty where it is not what its type says.

    A worker may write into its own stream what it likes.
    """
    try:
        return _decode(happening.data)
    except (msgspec.MsgspecError, RecursionError):
        return _EMPTY


def milliseconds(time: str) -> int:
    """Read a time of the daemon."""
    return round(datetime.fromisoformat(time).timestamp() * 1000)
