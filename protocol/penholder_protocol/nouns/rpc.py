"""Records of the connection itself: hello, ping, cancel, transactions of several calls."""

from typing import Literal

import msgspec

from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import JsonValue, Time

SocketName = Literal["control", "runtime"]


class Peer(Record, frozen=True, kw_only=True):
    """Who is calling, as the kernel says it."""

    socket: SocketName
    uid: int
    pid: int
    worker_id: str | None


class Hello(Record, frozen=True, kw_only=True):
    """What the daemon is, and what it takes the caller for."""

    server: str
    version: str
    protocol: int
    boot_id: str
    limits: dict[str, int]
    capabilities: list[str]
    you: Peer


class Pong(Record, frozen=True, kw_only=True):
    """The daemon is there."""

    pong: bool
    ts: Time


class Canceled(Record, frozen=True, kw_only=True):
    """Whether there was such a wait to end."""

    canceled: bool


class Call(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One mutation of a tx.apply."""

    method: str
    params: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))


class Applied(Record, frozen=True, kw_only=True):
    """The results of a tx.apply, in the order of its calls."""

    results: list[JsonValue]
