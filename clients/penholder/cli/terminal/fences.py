"""The proof of ownership that a mutation carries: from a flag, the environment or a saved handle.

The nearest goes first: what was said now, then what was set for this shell, then what was saved for
the controller that the call concerns. Which one that is may have to be asked, as a call may name a
worker or a question only. So it is asked only where anything is saved at all, and what cannot be
found is left for the call itself to say.

`--take-over` makes the caller the owner for one act: whoever owned it before is fenced off, and
after the act nobody owns it, unless `--save` keeps the ownership. It is released also where the act
failed, or it would stay with a token that nobody has.

Tokens are read and passed on here, and never become part of a message.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import msgspec

from penholder.blocking import Client
from penholder.cli.terminal import handles
from penholder.cli.terminal.failures import Usage
from penholder_protocol.errors import PenholderError
from penholder_protocol.nouns import Approval, Fence, Handle, Release, Worker

VARIABLE = "PENHOLDER_FENCE"


class Choice(Protocol):
    """The options that decide which fence is used."""

    fence: str | None
    take_over: bool
    save: bool
    state_dir: str | None


def parse(text: str, source: str) -> Fence:
    """Read EPOCH:TOKEN, or the same as JSON."""
    try:
        if text.lstrip().startswith("{"):
            return msgspec.json.decode(text, type=Fence)
        epoch, _, token = text.strip().partition(":")
        return msgspec.convert({"epoch": int(epoch), "token": token}, Fence)
    except (ValueError, msgspec.MsgspecError):
        # Not `from` the error, and without the text: both hold the token.
        raise Usage(f'{source} must be EPOCH:TOKEN or {{"epoch": …, "token": …}}') from None


def given(choice: Choice) -> Fence | None:
    """Return the fence that the flag or the environment holds."""
    if choice.fence is not None:
        return parse(choice.fence, "--fence")
    text = os.environ.get(VARIABLE)
    return parse(text, VARIABLE) if text else None


@contextmanager
def held(client: Client, choice: Choice, params: Mapping[str, object]) -> Iterator[Fence | None]:
    """Yield the fence for a mutation with these params; with --take-over own it meanwhile."""
    if choice.take_over:
        with _taken_over(client, choice, params) as fence:
            yield fence
        return
    found = given(choice)
    if found is None and handles.any_saved(choice.state_dir):
        controller_id = _controller_of(client, params)
        saved = handles.load(controller_id, choice.state_dir) if controller_id else None
        found = fence_of(saved)
    yield found


@contextmanager
def _taken_over(
    client: Client, choice: Choice, params: Mapping[str, object]
) -> Iterator[Fence | None]:
    if choice.fence is not None:
        raise Usage("pass --fence or --take-over, not both")
    controller_id = _require_controller(client, params)
    handle = client.controller.acquire(controller_id=controller_id, takeover=True)
    if choice.save:
        handles.save(handle, choice.state_dir)
        yield fence_of(handle)
        return
    try:
        yield fence_of(handle)
    finally:
        owned = {"epoch": handle.epoch, "token": handle.token}
        client.call("controller.release", {"controller_id": controller_id, **owned}, Release)


def fence_of(handle: Handle | None) -> Fence | None:
    """Return the proof that a handle holds."""
    if handle is None or handle.token is None:
        return None
    return Fence(epoch=handle.epoch, token=handle.token)


def _controller_of(client: Client, params: Mapping[str, object]) -> str | None:
    """Find whose fence it is; what cannot be found the call itself will say better."""
    try:
        return _require_controller(client, params)
    except PenholderError:
        return None


def _require_controller(client: Client, params: Mapping[str, object]) -> str:
    controller_id, worker_id = params.get("controller_id"), params.get("worker_id")
    if isinstance(controller_id, str):
        return controller_id
    if not isinstance(worker_id, str):
        about = {"request_id": params.get("request_id")}
        worker_id = client.call("approval.get", about, Approval).worker_id
    return client.call("worker.get", {"worker_id": worker_id}, Worker).controller_id
