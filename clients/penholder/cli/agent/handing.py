"""What an agent hands over: a text for whoever goes on, and the same for programs.

Both are made of the worker's stream, so they can be made of an agent that does not answer any more.
They lie below the state directory, private, each handoff in a directory of its own.
"""

import errno
import os
from pathlib import Path

import msgspec

from penholder.cli.agent import own_file
from penholder.cli.agent.transcript import figures
from penholder.cli.run.endpoint import make_private
from penholder.cli.workers.summaries import Summary
from penholder_protocol.nouns import Approval, Worker

_MOST_CHARACTERS = 48 << 10
_MOST_BYTES = 192 << 10
"""Of what is handed over, which becomes part of a prompt."""
_FIRST_CHARACTERS = 4 << 10


class Checkpoint(msgspec.Struct):
    """What a program needs to go on."""

    version: int
    worker_id: str
    controller_id: str
    label: str
    launcher: str
    cwd: str
    state: str
    session_id: str | None
    turn_id: str | None
    pos: int
    """The journal's position up to which it says all."""
    summary: Summary


class Handed(msgspec.Struct):
    """Where both are."""

    handoff: Path
    checkpoint: Path


def write(directory: Path, checkpoint: Checkpoint, text: str) -> Handed:
    """Write both; raises OSError. What is there already is another handoff, and left alone."""
    make_private(directory.parent)
    make_private(directory)
    handed = Handed(directory / "handoff.md", directory / "checkpoint.json")
    _write(handed.checkpoint, msgspec.json.format(msgspec.json.encode(checkpoint)) + b"\n")
    _write(handed.handoff, text.encode("utf-8", "backslashreplace"))
    return handed


def read(path: str) -> str:
    """Return what was handed over; raises OSError where it is no file of this user's."""
    with own_file.opened(path) as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"has more than {_MOST_BYTES} bytes", path)
    return content.decode("utf-8", "replace").replace("\0", "")


def _write(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def text_of(worker: Worker, conversation: str, summary: Summary, questions: list[Approval]) -> str:
    """Return the text: how it stands, what it asks, and what was said."""
    said = figures(summary)
    plan = summary.plan
    lines = [
        f"# Handoff of {worker.label}",
        "",
        f"- worker: {worker.worker_id}, {worker.launcher}, {worker.state}",
        f"- directory: {worker.cwd}",
        *([f"- turn: {worker.active_turn_id}"] if worker.active_turn_id else []),
        *([f"- plan: {plan.done} of {plan.steps} steps, at: {plan.at or '-'}"] if plan else []),
        *([f"- used: {said}"] if said else []),
        *(f"- asks: {each.message}" for each in questions),
        "",
        "## Conversation",
        "",
        "> is what it was asked, + and x are tool calls that went well or did not.",
        "",
        shortened(conversation),
    ]
    return "\n".join(lines)


def shortened(text: str) -> str:
    """Return the beginning and the end of what is long: what it was asked, and where it stands."""
    if len(text) <= _MOST_CHARACTERS:
        return text
    left_out = len(text) - _MOST_CHARACTERS
    begin, end = text[:_FIRST_CHARACTERS], text[_FIRST_CHARACTERS + left_out :]
    return f"{begin}\n… {left_out} characters are left out …\n{end}"
