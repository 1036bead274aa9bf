"""Permissions as approvals: one to one, kept over every kill, used once, never a yes by itself."""

import os
import signal
from contextlib import suppress

import pytest

from tests.helpers.agents import Agent, Agents
from tests.helpers.programs import wait_gone
from tests.helpers.waiting import until

RESUMES = ("--resume", "--asks", "1")


def kill(*pids: int) -> None:
    """End processes as the kernel does when memory is short."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        wait_gone(pid)


def is_bound(agent: Agent, count: int = 1) -> None:
    """Wait until the agent has asked again for what it had asked before."""
    agent.wait_for("permission.bound", count)
    until(lambda: agent.record()["state"] == "waiting_approval", "it does not wait")


def test_options_are_the_agents_one_to_one(agents: Agents) -> None:
    agent = agents.start("--asks", "1", prompt="go")

    (question,) = agent.asked()

    assert (question["message"], question["kind"]) == ("Write file 1", "tool.edit")
    assert (question["keep"], question["deadline_at"]) == (True, None)
    assert [(each["id"], each["label"], each["kind"]) for each in question["options"]] == [
        ("allow", "Allow", "allow_once"),
        ("always", "Always", "allow_always"),
        ("reject", "Reject", "reject_once"),
    ]
    assert agent.record()["state"] == "waiting_approval"
    assert agent.say("wait").code == 20


def test_an_option_whose_id_no_approval_can_have_is_chosen_all_the_same(agents: Agents) -> None:
    odd = "allow it, please/ümlaut"
    agent = agents.start("--asks", "1", "--option", odd, prompt="go")
    (question,) = agent.asked()
    assert question["options"][0]["id"] == "option:1"

    assert agents.say("approve", agent.worker_id).code == 0

    assert agent.outcome()["outcome"] == "completed"
    assert f"done: {odd}" in agent.text()


def test_two_questions_at_once_get_each_its_own_answer(agents: Agents) -> None:
    agent = agents.start("--asks", "2", prompt="go")
    first, second = agent.asked(2)

    agent.decide(second["request_id"], "reject")
    agent.decide(first["request_id"], "allow")

    agent.outcome()
    assert "done: allow reject" in agent.text()


def test_the_words_allow_and_deny_once_only(agents: Agents) -> None:
    agent = agents.start("--asks", "1", prompt="go")
    agent.asked()
    assert agents.say("deny", agent.worker_id).code == 0
    agent.outcome()
    agent.send("more")
    agent.asked()
    assert agents.say("approve", agent.worker_id).code == 0
    agent.outcome(2)

    assert agent.approvals() == [("decided", "reject"), ("decided", "allow")]


@pytest.mark.parametrize(("answer", "chosen"), [("allow_once", "allow"), ("reject_once", "reject")])
def test_the_configuration_answers_by_kind(agents: Agents, answer: str, chosen: str) -> None:
    agent = agents.start("--asks", "1", prompt="go", answers={"edit": answer})

    assert agent.wait_for("permission.answered")["by"] == "configuration"

    agent.outcome()
    assert f"done: {chosen}" in agent.text()
    assert agent.approvals() == []


def test_the_configuration_never_allows_always(agents: Agents) -> None:
    ran = agents.try_start("--asks", "1", answers={"edit": "allow_always"})

    assert ran.code != 0
    assert "allow_always" in ran.err


def test_what_nobody_answers_in_time_is_denied(agents: Agents) -> None:
    agent = agents.start("--asks", "1", prompt="go", words=("--answer-within-s", "0.3"))

    agent.outcome()

    assert "done: reject" in agent.text()
    assert agent.approvals() == [("decided", "reject")]


def test_a_question_that_is_canceled_is_no_yes(agents: Agents) -> None:
    agent = agents.start("--asks", "1", prompt="go")
    (question,) = agent.asked()

    agent.ask("approval.cancel", request_id=question["request_id"])

    agent.outcome()
    assert "done: reject" in agent.text()


@pytest.mark.parametrize("who", ["runner", "command", "daemon", "both", "all"])
def test_a_question_outlives_them_all_and_is_answered_once(agents: Agents, who: str) -> None:
    agent = agents.start(*RESUMES, prompt="go", restart="always")
    (question,) = agent.asked()
    runner, command, daemon = agent.runner, agent.command, agents.daemon
    if who in ("daemon", "both", "all"):
        daemon.kill()
    if who in ("runner", "both", "all"):
        kill(runner)
    if who in ("command", "all"):
        # Its guard may have been quicker.
        with suppress(ProcessLookupError):
            os.kill(command, signal.SIGKILL)
        wait_gone(command)
    if who in ("daemon", "both", "all"):
        daemon.start()
    if who != "daemon":
        is_bound(agent)

    assert agent.asked() == [{**question, "runtime_epoch": question["runtime_epoch"]}]
    agent.decide(question["request_id"], "allow")

    assert agent.outcome()["outcome"] == "completed"
    assert agent.approvals() == [("decided", "allow")]
    assert agent.text().count("done: allow") == 1
    assert len(agent.events("turn.started")) == len(agent.events("turn.ended")) == 1
    assert len(agent.events("permission.answered")) == 1


def test_an_answer_that_was_given_meanwhile_is_used_when_it_is_asked_again(agents: Agents) -> None:
    agent = agents.start(*RESUMES, prompt="go")
    (question,) = agent.asked()
    keeper, runner = agent.keeper, agent.runner
    os.kill(keeper, signal.SIGSTOP)
    kill(runner)
    agent.decide(question["request_id"], "allow")
    os.kill(keeper, signal.SIGCONT)

    assert agent.outcome()["outcome"] == "completed"
    assert agent.approvals() == [("decided", "allow")]
    assert "done: allow" in agent.text()


def test_an_answer_is_not_used_for_a_second_question(agents: Agents) -> None:
    agent = agents.start(*RESUMES, prompt="one")
    (first,) = agent.asked()
    agent.decide(first["request_id"], "allow")
    agent.outcome()
    agent.send("two")
    (second,) = agent.asked()
    kill(agent.runner)
    is_bound(agent)

    # The same tool call and options: only that its answer was used tells the first from it.
    assert agent.wait_for("permission.bound")["request_id"] == second["request_id"]
    agent.decide(second["request_id"], "reject")
    agent.outcome(2)
    assert agent.text().endswith("done: reject\n")
    assert agent.approvals() == [("decided", "allow"), ("decided", "reject")]


def test_without_resume_the_turn_is_lost_and_its_question_canceled(agents: Agents) -> None:
    agent = agents.start("--asks", "1", prompt="go")
    agent.asked()

    kill(agent.runner)

    ended = agent.outcome()
    assert (ended["outcome"], ended["stop_reason"]) == ("lost", None)
    assert "neither resume nor load" in ended["why"]
    assert agent.approvals() == [("canceled", None)]
    until(lambda: agent.record()["state"] == "idle", "it does not go on")
    agent.send("again")
    agent.asked()


def test_an_answer_for_an_agent_that_is_gone_is_refused(agents: Agents) -> None:
    agent = agents.start("--asks", "1", prompt="go")
    (question,) = agent.asked()
    kill(agent.runner)
    agent.outcome()
    until(lambda: agent.approvals() == [("canceled", None)], "it is not canceled")

    ran = agents.say("answer", question["request_id"], "allow")

    assert ran.code == 6
    assert agent.approvals() == [("canceled", None)]


def test_a_question_whose_runner_was_killed_amid_asking_is_no_other_tools(agents: Agents) -> None:
    agent = agents.start(*RESUMES, prompt="go")
    (known,) = agent.asked()
    # As if the runner had been killed before it could tell for which tool call it asks.
    unknown = agent.ask(
        "approval.request", kind="tool.edit", message="Write file 1", options=known["options"],
        keep=True,
    )  # fmt: skip

    kill(agent.runner)
    is_bound(agent)

    assert agent.wait_for("permission.bound")["request_id"] == known["request_id"]
    found = agent.ask("approval.get", request_id=unknown["request_id"])
    assert (found["state"], found["note"]) == ("canceled", "superseded")


def test_what_is_not_asked_again_is_superseded(agents: Agents) -> None:
    flag = agents.cwd / "asked"
    switches = ("--resume", "--asks-once", str(flag), "--long")
    agent = agents.start(*switches, prompt="go", words=("--ask-again-s", "0.3"))
    agent.wait_for("permission.asked")

    kill(agent.runner)

    agent.wait_for("permission.superseded")
    until(lambda: agent.approvals() == [("canceled", None)], "it is not canceled")
    assert agent.record()["state"] == "running"


def test_a_turn_that_ends_while_it_asks_leaves_no_question_and_an_idle_worker(
    agents: Agents,
) -> None:
    agent = agents.start("--asks-in-vain", prompt="go")

    assert agent.outcome()["outcome"] == "completed"

    assert agent.say("wait").code == 0
    assert agent.record()["state"] == "idle"
    assert [state for state, _ in agent.approvals()] == ["canceled"]
