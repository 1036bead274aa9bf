"""What a program says of itself in events of type `summary`: what it is at, and what that took.

Agents are told of so (`cli.agent.summary` makes it), and any other program may; whoever lists
workers reads it here. Pure. Texts are as they came.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Raw

TYPE = "summary"
ACTION = "requires action"
"""The state of who waits for a person in a way of its own."""


class Cost(msgspec.Struct):
    """What all of it has cost so far."""

    amount: float = 0.0
    currency: str = ""

    def __str__(self) -> str:
        """Say it."""
        return f"{self.amount:.2f} {self.currency}".rstrip()


class Plan(msgspec.Struct):
    """How far a plan is, and the step that it is at."""

    done: int
    steps: int
    at: str | None = None


class Summary(msgspec.Struct, omit_defaults=True):
    """Data of a `summary` event."""

    title: str = ""
    """All of it in a line, for lists of workers of any kind."""
    state: str = "starting"
    turn: str | None = None
    prompt: str | None = None
    turns: int = 0
    tool: str | None = None
    plan: Plan | None = None
    mode: str | None = None
    context_used: int | None = None
    context_size: int | None = None
    tokens: int = 0
    cost: Cost | None = None


class _Title(msgspec.Struct):
    title: str = ""


def read(raw: Raw) -> Summary | None:
    """Read what was told; None where it says nothing that can be shown."""
    try:
        found = msgspec.json.decode(raw, type=Summary)
    except (msgspec.MsgspecError, RecursionError):
        found = _titled(raw)
    return found if found.title else None


def _titled(raw: Raw) -> Summary:
    """Read the line of a program whose other words are not ours."""
    try:
        title = msgspec.json.decode(raw, type=_Title).title
    except (msgspec.MsgspecError, RecursionError):
        title = ""
    return Summary(title, state="")


def title_of(now: Summary) -> str:
    """Return a summary as one line: what it is at first, then how far, then what it took."""
    at = now.tool or (now.plan.at if now.plan else None) or now.prompt
    parts = [f"{now.state}: {now.prompt}" if now.prompt else now.state]
    if now.turn and at and now.state != ACTION:
        parts = [at]
    if now.plan is not None:
        parts.append(f"{now.plan.done}/{now.plan.steps}")
    return " · ".join([*parts, *_used(now)])


def facts(now: Summary) -> Iterator[str]:
    """Yield each thing that it says, in words: its turn, the tool that runs, its plan, its use.

    Nothing where it says no more than its title.
    """
    if now.turn is not None:
        yield f"{now.turn}: {now.prompt}" if now.prompt else now.turn
    if now.tool is not None:
        yield f"runs {now.tool}"
    if now.plan is not None:
        at = f", at {now.plan.at}" if now.plan.at else ""
        yield f"plan {now.plan.done} of {now.plan.steps}{at}"
    used = [*_used(now)]
    if now.context_used is not None:
        used.insert(1 if now.tokens else 0, f"context {now.context_used} of {now.context_size}")
    if used:
        yield ", ".join(used)


def _used(now: Summary) -> Iterator[str]:
    if now.tokens:
        yield f"{now.tokens} tokens"
    if now.cost is not None:
        yield str(now.cost)
