"""The command line makes a secret where it makes the key, and prints or saves it in the answer."""

import json

import pytest

from penholder.cli.terminal import handles
from tests.helpers.command_line import Cli
from tests.helpers.fake_daemon import AnsweringDaemon, Hangup, Json
from tests.helpers.records import handle

CLAIM = ("--runner-id", "r", "--lease-ms", "1000", "--json")


def _claimed(params: Json) -> Json:
    shown = None if params.get("token") else "of the daemon"
    lease = {"epoch": 3, "token": shown, "expires_at": "t"}
    return {"items": [{"task": {"queue_task_id": "a"}, "lease": lease}], "next": None}


@pytest.mark.parametrize("method", ["claim", "wait"])
def test_a_claim_prints_the_token_that_it_made(
    cli: Cli, fake_control: AnsweringDaemon, method: str
) -> None:
    fake_control.answers[f"queue.{method}"] = _claimed
    ran = cli("queue", method, "--queue", "q", *CLAIM)
    [sent] = fake_control.params(f"queue.{method}")
    [item] = json.loads(ran.out)["items"]
    assert item["lease"] == {"epoch": 3, "token": sent["token"], "expires_at": "t"}
    assert len(sent["token"]) >= 32
    assert sent["idempotency_key"]


def test_who_gives_a_key_gives_the_token(cli: Cli, fake_control: AnsweringDaemon) -> None:
    fake_control.answers["queue.claim"] = _claimed
    ran = cli("queue", "claim", "--queue", "q", *CLAIM, "--idempotency-key", "k")
    assert "token" not in fake_control.params("queue.claim")[0]
    assert json.loads(ran.out)["items"][0]["lease"]["token"] == "of the daemon"  # noqa: S105
    own = "x" * 32
    ran = cli("queue", "claim", "--queue", "q", *CLAIM, "--idempotency-key", "k", "--token", own)
    assert json.loads(ran.out)["items"][0]["lease"]["token"] == own


def test_a_lost_answer_costs_no_claim(cli: Cli, fake_control: AnsweringDaemon) -> None:
    answers = [Hangup(), None]

    def answer(params: Json) -> Json:
        if (failure := answers.pop(0)) is not None:
            raise failure
        return handle(token=None, controller_id=params["controller_id"])

    fake_control.answers["controller.acquire"] = answer
    ran = cli("controller", "acquire", "--controller-id", "c", "--json")
    first, again = fake_control.params("controller.acquire")
    assert first == again
    assert json.loads(ran.out)["token"] == first["token"]


def test_a_saved_handle_holds_the_token(cli: Cli, fake_control: AnsweringDaemon) -> None:
    fake_control.answers["controller.acquire"] = lambda _: handle(token=None)
    ran = cli("controller", "acquire", "--controller-id", "c", "--save", "--json")
    [sent] = fake_control.params("controller.acquire")
    saved = handles.load("c", None)
    assert saved is not None
    assert saved.token == sent["token"]
    assert sent["token"] not in ran.out
