"""A question that is on its way to the daemon when nobody waits for its answer any more."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from penholder.cli.agent.acp.v1 import PermissionOption
from penholder.cli.agent.acts import Ask
from penholder.cli.agent.dialects import Permission
from penholder.cli.agent.questions import Questions
from penholder.cli.agent.settings import Settings
from penholder.cli.run.acts import Act
from penholder_protocol.nouns import NewEvent

T = TypeVar("T")
APPROVAL: dict[str, object] = {
    "request_id": "ap_1", "worker_id": "w_1", "turn_id": None, "state": "pending", "kind": "tool",
    "message": "?", "options": [], "keep": True, "runtime_epoch": 1, "deadline_at": None,
    "created_at": "2026-01-01T00:00:00.000Z", "decided_at": None, "decision": None,
    "selected_option_id": None, "selected_alias": None, "note": None,
}  # fmt: skip


class Around:
    """A conversation that keeps what is to be done."""

    turn_id = "turn-7"

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.acts: list[Act] = []
        self.waited_for: list[str] = []

    def put(self, item: NewEvent | Act) -> None:
        """Keep an act."""
        if not isinstance(item, NewEvent):
            self.acts.append(item)

    def wait_for(self, request_id: str) -> None:
        """Note it."""
        self.waited_for.append(request_id)

    def locked(self, do: Callable[..., None]) -> Callable[..., None]:
        """Need no lock."""
        return do


def test_it_is_withdrawn_before_anything_else_is_done() -> None:
    around = Around()
    settings = Settings(launcher="x", cwd="/", version="1", sessions_dir="/nowhere")
    questions = Questions(settings, around, {})
    option = PermissionOption("y", "Yes", "allow_once")
    questions.ask(1, Permission("s", "t", "", None, [option]))
    said: list[str] = []

    def insist(method: str, _params: object, type_: type[T]) -> T:
        said.append(method)
        return msgspec.convert(APPROVAL, type_)

    questions.cancel("the turn has ended")
    (ask,) = around.acts
    assert isinstance(ask, Ask)
    ask.carry_out(insist)

    assert said == ["approval.request", "approval.cancel"]
    assert around.acts == [ask]
    assert around.waited_for == []
