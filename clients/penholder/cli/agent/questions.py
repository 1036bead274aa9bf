"""Permissions that the agent asks for, as approvals of its worker, and their answers' way back.

An approval is kept: it outlives the agent, the runner and the daemon. So there are two sides, and
they meet here: requests of the agent's process that is there now, and approvals whose request is of
one that has gone. The agent asks again when it goes on, and the same question gets the answer that
was given, or the one that will be, once. What is not asked again is withdrawn.

That an answer is used is told before the agent hears it. Who is killed in between leaves an agent
that has not heard it, and that will ask anew: no answer is ever used twice.

Whatever is no clear yes is no: an approval that was canceled or that ran out, an option that is not
there any more.
"""

import re

import msgspec

from penholder.cli.agent import protocol, told
from penholder.cli.agent.acp.v1 import PermissionOption
from penholder.cli.agent.acts import Ask, Become, Together, Withdraw
from penholder.cli.agent.around import Around
from penholder.cli.agent.dialects import Permission
from penholder.cli.agent.requests import Requests
from penholder.cli.agent.settings import Settings
from penholder_protocol.limits import MAX_TEXT_CHARACTERS, MAX_TYPE_CHARACTERS
from penholder_protocol.nouns import Approval

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_KIND = f"{told.TOOL_KIND}call"


class Open(msgspec.Struct, eq=False):
    """A request of the agent's that has no answer yet."""

    rpc_id: int | str | float | None
    asked: told.Asked
    is_over: bool = False
    """Nobody waits for the answer any more."""
    is_kept: bool = False
    """Its agent has gone, and may ask again."""
    is_bound: bool = False
    """It was asked before, by another process of the agent's."""
    is_decided: bool = False
    """Its answer is used from here on, whatever comes of it."""


class Questions:
    """All that is asked of one worker."""

    def __init__(self, settings: Settings, around: Around, kept: dict[str, told.Asked]) -> None:
        """`kept` are approvals from before, by their ids."""
        self._settings = settings
        self._around = around
        self._kept = kept
        self._open: list[Open] = []
        self._requests: Requests | None = None

    def begin(self, requests: Requests) -> None:
        """Answer the agent that was just started."""
        self._requests = requests

    @property
    def are_kept(self) -> bool:
        """Whether there are some from before."""
        return bool(self._kept)

    def ask(self, rpc_id: int | str | float | None, request: Permission) -> None:
        """Take a permission request."""
        asked = told.Asked(request.session_id, request.about, request.options)
        if self._answer_by_itself(rpc_id, asked, request.kind):
            return
        opened = Open(rpc_id, asked)
        self._open.append(opened)
        before = next((each for each in self._kept.values() if each.is_same(asked)), None)
        if before is not None:
            self._bind(opened, self._kept.pop(before.request_id))
            return
        ask = Ask(
            self._params(request),
            self._around.locked(lambda approval: self._is_asked(opened, approval)),
            self._around.locked(lambda error: self._is_refused(opened, error)),
            lambda: opened.is_over,
        )
        self._around.put(ask)

    def _answer_by_itself(self, rpc_id: object, asked: told.Asked, kind: str | None) -> bool:
        wanted = self._settings.answers.get(kind or "", "ask")
        if wanted == "ask" or self._requests is None:
            return False
        found = [each for each in asked.options if each.kind == wanted]
        if len(found) != 1:
            return False
        option, requests = found[0].option_id, self._requests
        event = told.said(
            told.ANSWERED, self._around.turn_id, request_id=None, option=option, by="configuration",
            tool_call_id=asked.tool_call_id,
        )  # fmt: skip
        answer = self._around.locked(
            lambda _pos: requests.answer(rpc_id, protocol.selected(option))
        )
        self._around.put(Together(event, (), answer))
        return True

    def _params(self, request: Permission) -> dict[str, object]:
        title = request.title or f"The agent asks for a permission: {request.about}"
        is_word = request.kind is not None and _ID.fullmatch(request.kind)
        kind = f"{told.TOOL_KIND}{request.kind}" if is_word else _KIND
        params: dict[str, object] = {
            "kind": kind[:MAX_TYPE_CHARACTERS],
            "message": title.replace("\0", "")[:MAX_TEXT_CHARACTERS] or "?",
            "turn_id": self._around.turn_id,
            "options": [
                {
                    "id": own_id(request.options, number),
                    "label": each.name.replace("\0", "")[:MAX_TEXT_CHARACTERS],
                    "kind": each.kind if each.kind and _ID.fullmatch(each.kind) else None,
                }
                for number, each in enumerate(request.options)
            ],
            "keep": True,
        }
        if self._settings.answer_within_s is not None:
            params["deadline_ms"] = round(self._settings.answer_within_s * 1000)
            no = _refusing(request.options)
            if no is not None:
                params["on_deadline"] = own_id(request.options, request.options.index(no))
        return params

    def _is_asked(self, opened: Open, approval: Approval) -> None:
        opened.asked.request_id = approval.request_id
        self._around.put(told.event(told.ASKED, opened.asked, approval.turn_id))
        if opened.is_kept:
            self._kept[approval.request_id] = opened.asked
        elif not opened.is_over:
            self._around.wait_for(approval.request_id)

    def _is_refused(self, opened: Open, error: Exception) -> None:
        event = told.said(told.ANSWERED, self._around.turn_id, request_id=None, refused=str(error))
        self._around.put(event)
        self._answer(opened, None)

    def _bind(self, opened: Open, before: told.Asked) -> None:
        opened.asked.request_id, opened.is_bound = before.request_id, True
        about = {"request_id": before.request_id}
        self._around.put(told.said(told.BOUND, self._around.turn_id, **about))
        # As if it had just been asked; where it has its answer, that comes at once and ends this.
        self._around.put(Become("waiting_approval"))
        self._around.wait_for(before.request_id)

    def decided(self, approval: Approval) -> None:
        """Take an answer; one to what nobody asks now is kept where it is."""
        request_id = approval.request_id
        opened = next((each for each in self._open if each.asked.request_id == request_id), None)
        if opened is None or opened.is_decided:
            return
        opened.is_decided = True
        option = _option(opened.asked.options, approval)
        chosen = None if option is None else option.option_id
        event = told.said(
            told.ANSWERED, self._around.turn_id, request_id=request_id, option=chosen,
            state=approval.state, by="approval",
        )  # fmt: skip
        answer = self._around.locked(lambda _pos: self._answer(opened, option))
        if opened.is_bound:
            self._around.put(Become("running"))
        self._around.put(Together(event, (), answer))

    def _answer(self, opened: Open, option: PermissionOption | None) -> None:
        if opened.is_over or opened not in self._open or self._requests is None:
            return
        self._open.remove(opened)
        result = protocol.CANCELED if option is None else protocol.selected(option.option_id)
        self._requests.answer(opened.rpc_id, result)

    def withdraw(self, rpc_id: object) -> None:
        """Take back a request whose asker wants no answer any more."""
        for opened in [each for each in self._open if each.rpc_id == rpc_id]:
            self._end(opened, "the agent took it back", keep=False)

    def cancel(self, why: str, *, keep: bool = False) -> None:
        """Answer all requests that they are canceled; with `keep` people may answer them still."""
        for opened in list(self._open):
            self._end(opened, why, keep=keep)

    def _end(self, opened: Open, why: str, *, keep: bool) -> None:
        self._open.remove(opened)
        if self._requests is not None:
            self._requests.answer(opened.rpc_id, protocol.CANCELED)
        opened.is_over, opened.is_kept = not keep, keep
        if opened.is_decided:
            return
        request_id = opened.asked.request_id
        if keep and request_id:
            self._kept[request_id] = opened.asked
        elif request_id:
            self._withdraw(request_id, why)

    def gone(self) -> None:
        """Keep what is open: who asked is gone, and may ask again."""
        self._requests = None
        for opened in self._open:
            opened.is_kept = True
            if opened.asked.request_id and not opened.is_decided:
                self._kept[opened.asked.request_id] = opened.asked
        self._open.clear()

    def supersede(self, why: str = "superseded") -> None:
        """Withdraw what was not asked again."""
        for request_id in list(self._kept):
            self._withdraw(request_id, why)
        self._kept.clear()

    def disown(self, request_ids: list[str]) -> None:
        """Withdraw what a runner asked that was killed before it could say for which tool call.

        To take it for another call with the same options would be a yes to what nobody has seen.
        """
        for request_id in request_ids:
            self._withdraw(request_id, "superseded")

    def _withdraw(self, request_id: str, why: str) -> None:
        self._around.put(Withdraw(request_id, why))
        self._around.put(told.said(told.SUPERSEDED, self._around.turn_id, request_id=request_id))


def own_id(options: list[PermissionOption], number: int) -> str:
    """Return the id of an option as an approval can have it: its own, unless that cannot be."""
    given = options[number].option_id
    same = sum(each.option_id == given for each in options)
    return given if _ID.fullmatch(given) and same == 1 else f"option:{number + 1}"


def _option(options: list[PermissionOption], approval: Approval) -> PermissionOption | None:
    """Return what was chosen; where nothing was, what says no."""
    for number, option in enumerate(options):
        chosen = approval.selected_option_id
        if approval.state == "decided" and chosen == own_id(options, number):
            return option
    return _refusing(options)


def _refusing(options: list[PermissionOption]) -> PermissionOption | None:
    found = [each for each in options if each.kind == protocol.REJECT_ONCE]
    return found[0] if len(found) == 1 else None
