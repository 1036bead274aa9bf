"""Questions: what workers ask, answered where that is allowed, and asked of people.

Nobody is waited for here. A question that is asked is on the daemon's disk and outlives whoever
asked it, so a tool answers with its id, and who wants to know looks again.
"""

import re
import time
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from penholder.cli.mcp.failing import ToolFailure
from penholder.cli.mcp.job import Job
from penholder.cli.mcp.tools import patience, posting
from penholder.cli.mcp.tools.base import Params
from penholder.cli.workers import hearing, questions, waiting
from penholder_protocol.errors import ControllerNotFound
from penholder_protocol.limits import MAX_DEADLINE_MS
from penholder_protocol.nouns import Approval, Option

_MOST = 100
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_LONGEST_MESSAGE = 4096
_UNHEARD = f"{hearing.NOBODY_WAITS}: who asked has ended"

Question = Annotated[
    str, Meta(min_length=1, max_length=128, description="The id of a question, or the end of one.")
]


class Inbox(Params):
    """Params of inbox."""

    question: Question | None = None
    all: Annotated[bool, Meta(description="Of all controllers, not only your own.")] = False


def inbox(job: Job, params: Inbox) -> dict[str, object]:
    """Return what is asked now, oldest first, or one question however it stands."""
    if params.question is not None:
        return {"questions": [_shown(job, _find(job, params.question))]}
    try:
        found = list(questions.pending(job.client, *_whose(job, everyone=params.all)))
    except ControllerNotFound:
        found = []  # it is registered with its first worker
    told: dict[str, object] = {"questions": [_shown(job, each) for each in found[:_MOST]]}
    return told | ({"more": len(found) - _MOST} if len(found) > _MOST else {})


def wait_for(job: Job, question: str, timeout_s: float) -> dict[str, object]:
    """Return a question as soon as it is answered, or as it is when the time is over."""
    deadline = time.monotonic() + timeout_s
    asked = _find(job, question)
    while asked.state == "pending":
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return {**_shown(job, asked), "note": "no answer yet, call again with this question"}
        asked = patience.look(job, left_s, asked, partial(_ask_again, job, asked))
        job.progress(timeout_s, "no answer yet")
    return _shown(job, asked)


def _ask_again(job: Job, asked: Approval, within_s: float) -> Approval:
    return job.client.approval.wait(
        worker_id=asked.worker_id,
        request_id=asked.request_id,
        timeout_ms=int(within_s * 1000),
    )


class Answer(Params):
    """Params of answer."""

    question: Question
    option: Annotated[str, Meta(min_length=1, max_length=128, description="One of its options.")]
    note: (
        Annotated[
            str, Meta(max_length=_LONGEST_MESSAGE, description="What the asker is told with it.")
        ]
        | None
    ) = None


def answer(job: Job, params: Answer) -> dict[str, object]:
    """Answer a question, where this server was started so that it may."""
    require_may_decide(job)
    asked = _find(job, params.question)
    option = questions.named(asked.options, params.option)
    if option is None:
        offered = ", ".join(questions.described(each) for each in asked.options)
        raise ToolFailure(
            "APPROVAL_OPTION_UNKNOWN", f"there is no option {params.option!r}; there is: {offered}"
        )
    require_once(option)
    if not _is_heard(job, asked):
        raise ToolFailure("NOBODY_WAITS", _UNHEARD, "leave it, or cancel it with approval.cancel.")
    decided = job.client.approval.decide(
        worker_id=asked.worker_id,
        request_id=asked.request_id,
        option=option.id,
        note=params.note,
        runtime_epoch=asked.runtime_epoch,
    )
    return _shown(job, decided)


def require_may_decide(job: Job) -> None:
    """Refuse to decide what a person has to: always inside a worker, else unless it was allowed."""
    setup = job.desk.setup
    if setup.is_inside or not setup.allow_decide:
        reason = "inside a worker" if setup.is_inside else "without --allow-decide"
        raise ToolFailure(
            "MAY_NOT_DECIDE",
            f"this server decides no question, as it was started {reason}",
            "leave it to a person, who sees it in penholder inbox; wait tells of the answer.",
        )


def named(asked: Approval, word: str | None) -> Option | None:
    """Return the option of a question that a word names, as the daemon would take it."""
    return None if word is None else questions.named(asked.options, word)


def require_once(option: Option) -> None:
    """Refuse to decide for all times to come."""
    said = (option.kind, option.id, option.alias)
    if any(text is not None and text.lower().endswith("_always") for text in said):
        raise ToolFailure(
            "MAY_NOT_DECIDE",
            f"option {option.id!r} decides for all times to come, which only a person may",
            "choose an option that decides once.",
        )


class Ask(Params):
    """Params of ask."""

    question: Annotated[
        str, Meta(min_length=1, max_length=_LONGEST_MESSAGE, description="What to ask a person.")
    ]
    options: Annotated[
        list[str],
        Meta(
            max_length=20,
            description="The answers to choose from, as ID or ID=LABEL; default allow and deny.",
        ),
    ] = msgspec.field(default_factory=list)
    deadline_s: (
        Annotated[
            float,
            Meta(
                gt=0,
                le=MAX_DEADLINE_MS // 1000,
                description="After so long it expires; default: it is asked until answered.",
            ),
        ]
        | None
    ) = None


def ask(job: Job, params: Ask) -> dict[str, object]:
    """Ask a person and return at once; the same question that is still asked is not asked twice."""
    options = [_option(text) for text in params.options]
    deadline_ms = None if params.deadline_s is None else max(1, round(params.deadline_s * 1000))
    with posting.asker(job) as (worker_id, fence):
        asked = _asked_already(job, worker_id, params.question, options)
        if asked is None:
            asked = job.client.approval.request(
                worker_id=worker_id,
                kind="question",
                message=params.question,
                options=options or None,
                deadline_ms=deadline_ms,
                fence=fence,
            )
    note = "a person is asked; wait with this question tells the answer when it comes"
    return {**_shown(job, asked), "note": note}


def _asked_already(
    job: Job, worker_id: str, message: str, options: list[Option]
) -> Approval | None:
    """Return the same question where it is open: its answer may have been lost with a server."""
    ids = [each.id for each in options] or ["allow", "deny"]
    for each in questions.pending(job.client, worker_id=worker_id):
        if each.message == message and [option.id for option in each.options] == ids:
            return each
    return None


def _option(text: str) -> Option:
    name, _, label = text.partition("=")
    if not _ID.fullmatch(name):
        raise ToolFailure(
            "INVALID_PARAMS",
            f"option {text!r}: an id has 1 to 128 of A-Za-z0-9._:-; write ID=LABEL",
        )
    return Option(id=name, alias=name, label=label or name)


def _whose(job: Job, *, everyone: bool) -> tuple[str | None, str | None]:
    """Return the controller and the worker to ask for."""
    if job.desk.setup.is_inside:
        return None, job.desk.setup.worker_id
    return (None if everyone else job.desk.holding.controller_id(job.client)), None


def _find(job: Job, what: str) -> Approval:
    if job.desk.setup.is_inside:
        return job.client.approval.get(request_id=what)
    return questions.resolve(job.client, what)


def _shown(job: Job, asked: Approval) -> dict[str, object]:
    told: dict[str, object] = {
        "question": asked.request_id,
        "worker_id": asked.worker_id,
        "worker": _name(job, asked.worker_id),
        "state": asked.state,
        "message": asked.message,
        "options": [{"id": each.id, "label": each.label} for each in asked.options],
        "asked_at": asked.created_at,
    }
    if asked.deadline_at is not None:
        told["deadline_at"] = asked.deadline_at
    if not _is_heard(job, asked):
        told["note"] = _UNHEARD
    if asked.state != "pending":
        answered = {"answer": asked.selected_option_id, "note": asked.note}
        told |= {**answered, "answered_at": asked.decided_at}
    return told


def _name(job: Job, worker_id: str) -> str | None:
    worker = waiting.find(job.client, worker_id)
    return None if worker is None else worker.label


def _is_heard(job: Job, asked: Approval) -> bool:
    """Tell whether a question has its answer, or somebody who would take it."""
    if asked.state != "pending":
        return True
    worker = waiting.find(job.client, asked.worker_id)
    return worker is None or hearing.is_heard(asked, worker)
