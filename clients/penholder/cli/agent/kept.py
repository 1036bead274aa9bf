"""The runner of an agent: a program that a keeper starts, and starts again where it was killed.

It is the run's runner with somebody who talks with the command. One that comes after another goes
on with the agent whatever the restart policy says: the policy is for an agent that ended by itself,
and this one was ended because its runner was gone.
"""

import json
import sys
from functools import partial
from pathlib import Path

import msgspec

from penholder.blocking import Client
from penholder.cli.agent import history, updates
from penholder.cli.agent.conversation import Conversation
from penholder.cli.agent.holding import Holding
from penholder.cli.agent.post import Post, Steers, Waiting
from penholder.cli.agent.settings import Settings
from penholder.cli.run import kept
from penholder.cli.run.inbox import Inbox
from penholder.cli.run.running import PATIENCE_S, Runner, Seated, Talk
from penholder.cli.run.starting import take_seat
from penholder.cli.run.variables import Variables
from penholder.cli.workers.served import socket_of


class AgentPlan(msgspec.Struct):
    """What a runner of an agent is to do."""

    plan: kept.Plan
    settings: Settings


class _Told(msgspec.Struct):
    run: AgentPlan
    number: int = 0
    how: int | None = None


def main() -> int:
    """Run the agent that the keeper names on stdin."""
    told = msgspec.convert(json.load(sys.stdin), _Told)
    return kept.go_on(told.run.plan, take_seat, partial(_run, told))


def _run(told: _Told, seated: Seated, inbox: Inbox, channel: kept.Channel) -> int:
    plan, settings = told.run.plan, told.run.settings
    worker = plan.worker
    with Client(socket_of(worker)) as client:
        before = history.read(client, worker.worker_id, settings.since_pos)
        ended = kept.ended_before(client, told.how) if told.number else None
    holding = Holding(Path(settings.sessions_dir), worker.worker_id)
    waiting = Waiting(socket_of(worker))
    conversation = Conversation(settings, before, holding, inbox, waiting.wait_for)
    waiting.decided = conversation.decided
    post = Post(socket_of(worker), conversation)
    post.start()
    steers = Steers(socket_of(worker), conversation.steer)
    steers.start()
    talk = Talk(conversation, conversation.cancel, steers.sent, updates.mended, _facts(settings))
    variables = Variables(plan.stored, plan.passed)
    try:
        with Client(socket_of(worker), reconnect_s=PATIENCE_S) as client:
            runner = Runner(
                plan.arguments, plan.options, variables, inbox, seated, client, channel, talk
            )
            if ended is None:
                return runner.run()
            return runner.run(told.number, ended, is_revived=not ended.is_told)
    finally:
        conversation.close()
        waiting.close()
        steers.close()
        post.close()


def _facts(settings: Settings) -> dict[str, object]:
    """Return what the first event says beside the command."""
    chosen = {"launcher": settings.launcher, "model": settings.model, "mode": settings.mode}
    place = {} if settings.place is None else {"place": settings.place}
    return {"agent": chosen, **place}
