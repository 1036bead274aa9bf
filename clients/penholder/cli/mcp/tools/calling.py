"""Any other method of the daemon, within what an agent may.

Queries and waits; and mutations whose subject is a worker of the held controller, in the name of
its owner: those are just the methods that take a fence, so the contract itself says which they are.
Never what is about the daemon or who owns what, nor what wraps other calls.
"""

from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Raw

import penholder_protocol
from penholder.cli.contract import Method, contract
from penholder.cli.mcp.failing import ToolFailure
from penholder.cli.mcp.job import Job
from penholder.cli.mcp.tools import questions, whom
from penholder.cli.mcp.tools.base import Params
from penholder.cli.mcp.tools.reading import LONGEST_WAIT_S
from penholder.cli.terminal.options import nearest
from penholder_protocol.nouns import Approval, Fence

_NEVER_ROOMS = ("daemon", "controller", "runtime")
_NEVER = ("tx.apply", "rpc.cancel", "journal.subscribe", "journal.unsubscribe")
_MUTATION = "mutation"
_WAIT_MS = LONGEST_WAIT_S * 1000


class Call(Params):
    """Params of call."""

    method: (
        Annotated[
            str, Meta(max_length=128, description="ROOM.VERB; without one the methods there are.")
        ]
        | None
    ) = None
    params: Annotated[dict[str, Raw], Meta(description="By name, as the method has them.")] = (
        msgspec.field(default_factory=dict)
    )
    describe: Annotated[
        bool, Meta(description="Tell of the method's params, result and errors; call nothing.")
    ] = False


def call(job: Job, params: Call) -> dict[str, object]:
    """Call a method, describe it, or list all there are."""
    if params.method is None:
        return {"methods": _listed(job)}
    method = _find(job, params.method)
    if params.describe:
        return {"method": _described()[method.name]}
    given = dict(params.params)
    _check_wait(given)
    if method.kind != _MUTATION or job.desk.setup.is_inside:
        return {"result": job.client.call_raw(method.name, given)}
    _require_own_subject(job, method, given)
    with job.desk.holding.fenced(job.client) as fence:
        return {"result": job.client.call_raw(method.name, _with_fence(given, fence))}


def refusal(method: Method, *, is_inside: bool) -> str | None:
    """Say why a method is not to be called from here; None where it is."""
    if method.room in _NEVER_ROOMS or method.name in _NEVER:
        return f"{method.name} is never called from here"
    if method.kind == _MUTATION and not method.takes_fence:
        return f"{method.name} changes what is no worker's"
    socket = "runtime" if is_inside else "control"
    if socket not in method.sockets:
        return f"{method.name} is not served on a {socket} socket, which is the only one used here"
    return None


def _listed(job: Job) -> list[str]:
    is_inside = job.desk.setup.is_inside
    return [
        f"{each.name}({', '.join(param.name for param in each.params)}): {each.summary}"
        for each in contract().methods
        if refusal(each, is_inside=is_inside) is None
    ]


def _find(job: Job, name: str) -> Method:
    known = {each.name: each for each in contract().methods}
    if name not in known:
        raise ToolFailure(
            "METHOD_NOT_FOUND", f"there is no method {name!r}{nearest(name, known)}", _SEE_LIST
        )
    why = refusal(known[name], is_inside=job.desk.setup.is_inside)
    if why is not None:
        raise ToolFailure("NOT_CALLABLE", why, _SEE_LIST)
    return known[name]


_SEE_LIST = "call without a method lists what can be called; for queues there is the tool queue."


@cache
def _described() -> dict[str, object]:
    path = Path(penholder_protocol.__file__).with_name("openrpc.json")
    methods = msgspec.json.decode(path.read_bytes(), type=_All).methods
    return {str(each["name"]): each for each in methods}


class _All(msgspec.Struct):
    methods: list[dict[str, object]]


def _check_wait(given: dict[str, Raw]) -> None:
    """Refuse a wait that outlives the client's patience."""
    timeout = given.get("timeout_ms")
    text = b"" if timeout is None else bytes(timeout)
    if text.isdigit() and int(text) > _WAIT_MS:
        raise ToolFailure(
            "INVALID_PARAMS", f"timeout_ms is at most {_WAIT_MS} here, since clients wait no longer"
        )


def _require_own_subject(job: Job, method: Method, given: dict[str, Raw]) -> None:
    """Refuse to change what is no worker of the held controller."""
    if "fence" in given:
        raise ToolFailure("INVALID_PARAMS", "leave the fence out: it is this server's own")
    if method.name == "worker.create":
        held = job.desk.holding.controller_id(job.client)
        if _text(given.setdefault("controller_id", Raw(msgspec.json.encode(held)))) != held:
            raise ToolFailure("NOT_YOURS", f"workers are made within {held} only")
        return
    worker_id = _text(given.get("worker_id"))
    if method.room == "approval" and method.name != "approval.request":
        asked = job.client.call("approval.get", {"request_id": given.get("request_id")}, Approval)
        _check_decision(job, method, asked, _text(given.get("option")))
        worker_id = asked.worker_id
    if worker_id is None:
        raise ToolFailure("INVALID_PARAMS", f"{method.name} takes a worker_id")
    whom.require_own(job, job.client.worker.get(worker_id=worker_id))


def _check_decision(job: Job, method: Method, asked: Approval, option: str | None) -> None:
    if method.name == "approval.decide":
        questions.require_may_decide(job)
        chosen = questions.named(asked, option)
        if chosen is not None:
            questions.require_once(chosen)


def _text(value: Raw | None) -> str | None:
    found: object = None if value is None else msgspec.json.decode(value)
    return found if isinstance(found, str) else None


def _with_fence(given: dict[str, Raw], fence: Fence) -> dict[str, object]:
    return {**given, "fence": fence}
