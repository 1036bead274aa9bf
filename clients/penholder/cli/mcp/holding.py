"""The controller that a server owns: acquired at the first act that needs it, released at the end.

Two servers of one name are one too many, and only one of them acts: the other is told who does.
What is owned can be lost: another takes over, or the lease ran out while this process was stopped.
Then the act that notices is refused, and says so, since what an agent knows may be old. The next
one tries to own the controller again, and never takes it from a living owner.

A server that was killed leaves its lease behind, for a minute. Whoever comes after it sees that the
owner's process is gone and need not wait that long.
"""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import msgspec

from penholder._shared.owned import Ownership
from penholder.blocking import Client
from penholder.cli.mcp.link import Link
from penholder.cli.mcp.setup import Setup
from penholder.cli.workers import scope
from penholder_protocol.errors import (
    ControllerNotFound,
    ControllerOwnershipConflict,
    Fenced,
    PenholderError,
)
from penholder_protocol.nouns import Controller, Fence

LEASE_MS = 60_000
_DIGITS = 6
_LONGEST_BASE = 40
_OTHERS = re.compile(r"[^A-Za-z0-9._-]+")


class _Owner(msgspec.Struct):
    epoch: int
    pid: int | None = None
    host_id: str | None = None


class _Status(msgspec.Struct):
    active_owner: _Owner | None = None


class _Host(msgspec.Struct):
    host_id: str | None = None


class Held(msgspec.Struct, frozen=True):
    """What is known of the ownership, for `status`."""

    controller_id: str
    owned: bool
    epoch: int | None = None
    owner_pid: int | None = None
    """Of whoever owns it now."""


class Holding:
    """The ownership of one controller."""

    def __init__(self, setup: Setup, link: Link) -> None:
        """Own nothing yet."""
        self._setup = setup
        self._link = link
        self._lock = threading.Lock()
        self._controller_id: str | None = None
        self._client: Client | None = None
        self._block: AbstractContextManager[Ownership] | None = None
        self._ownership: Ownership | None = None

    def controller_id(self, client: Client) -> str:
        """Return which controller it is, owned or not."""
        if self._controller_id is None:
            self._controller_id = self._named(client)
        return self._controller_id

    def name(self) -> str:
        """Return what this server is called: as was said, else after the directory."""
        return self._setup.name or default_name(Path())

    @contextmanager
    def fenced(self, client: Client) -> Iterator[Fence]:
        """Own the controller for an act; raises Fenced where that was lost, once."""
        fence = self._take(client)
        try:
            yield fence
        except Fenced as lost:
            with self._lock:
                if self._ownership is not None and self._ownership.fence == fence:
                    self._let_go(lost)
            raise

    def describe(self, client: Client) -> Held:
        """Say who owns the controller."""
        controller_id = self.controller_id(client)
        owner = None
        with suppress(ControllerNotFound):
            owner = _status(client, controller_id).active_owner
        ours = self._ownership
        owned = owner is not None and ours is not None and ours.epoch == owner.epoch
        epoch, pid = (None, None) if owner is None else (owner.epoch, owner.pid)
        return Held(controller_id, owned, epoch, pid)

    def release(self) -> None:
        """Let go of it, so that whoever comes next need not wait."""
        with self._lock:
            if self._ownership is not None:
                # As if the block had failed: then the release is given up after a while.
                self._let_go(ConnectionError())

    def _take(self, client: Client) -> Fence:
        with self._lock:
            if self._ownership is None:
                return self._acquire(client).fence
            lost = self._ownership.lost
            if lost is None:
                return self._ownership.fence
            self._let_go(lost)
            raise lost

    def _let_go(self, why: Exception) -> None:
        block, client = self._block, self._client
        self._block = self._client = self._ownership = None
        if block is not None:
            block.__exit__(type(why), why, None)
        if client is not None:
            client.close()

    def _acquire(self, client: Client) -> Ownership:
        controller_id = self.controller_id(client)
        self._register(client, controller_id)
        takeover = False
        while True:
            own = self._link.client()
            block = own.controller.owned(controller_id, takeover=takeover, lease_ms=LEASE_MS)
            try:
                self._ownership = block.__enter__()
            except ControllerOwnershipConflict:
                own.close()
                if takeover or not _is_gone(client, controller_id):
                    raise
                takeover = True
                continue
            except BaseException:
                own.close()
                raise
            self._block, self._client = block, own
            return self._ownership

    def _register(self, client: Client, controller_id: str) -> None:
        try:
            client.call("controller.get", {"controller_id": controller_id}, Controller)
        except ControllerNotFound:
            if self._setup.controller == ".":
                scope.ensure(client, scope.directory_controller(client))
                return
            if self._setup.controller is not None:
                raise
            name = self.name()
            label, key = f"mcp {name}", f"mcp:{name}"
            client.controller.register(controller_id=controller_id, label=label, workspace_key=key)

    def _named(self, client: Client) -> str:
        given = self._setup.controller
        if given == ".":
            return scope.directory_controller(client).controller_id
        return f"mcp-{self.name()}" if given is None else given


def default_name(directory: Path) -> str:
    """Return a name for a directory: its own, and digits that no other directory has."""
    from hashlib import sha256  # noqa: PLC0415 - long to import

    real = os.path.realpath(directory)
    base = _OTHERS.sub("-", os.path.basename(real)).strip("-.")[:_LONGEST_BASE]
    return f"{base or 'root'}-{sha256(os.fsencode(real)).hexdigest()[:_DIGITS]}"


def _status(client: Client, controller_id: str) -> _Status:
    return client.call("controller.status", {"controller_id": controller_id}, _Status)


def _is_gone(client: Client, controller_id: str) -> bool:
    """Tell whether a controller's owner is a process of this machine that is no more."""
    try:
        owner = _status(client, controller_id).active_owner
        if owner is None or owner.pid is None:
            return False
        host_id = client.call("daemon.status", {}, _Host).host_id
    except PenholderError:
        return False
    if owner.host_id not in (None, host_id):
        return False
    if owner.pid == os.getpid():
        return True  # an answer was lost for good, and with it what this process owned
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
