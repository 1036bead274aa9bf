"""What is done to workers and questions, each as the command line that does the same.

What is shown names a worker as people do, where that is one worker's name only. What is run names
it by its id: between the look and the act another one might come by that name.
"""

import re
import shlex
from collections.abc import Iterable, Sequence

import msgspec

from penholder.cli.top.model.answers import Answer, Refused
from penholder.cli.top.model.worker import Worker

HURTING = ("stop", "kill", "restart")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


class Host(msgspec.Struct, frozen=True):
    """A daemon: what it is called here, its control socket, and what leads other words to it."""

    name: str
    socket_path: str
    words: tuple[str, ...] = ()
    retry_s: float = 0.5
    """How long after an attempt that failed the next one is made."""


class Act(msgspec.Struct, frozen=True):
    """A command: what is shown, what is run, and the answer that it gives, if it does."""

    shown: str
    argv: tuple[str, ...]
    host: Host
    answer: Answer | None = None


def on_workers(
    word: str, host: Host, chosen: Sequence[Worker], all_known: Iterable[Worker], *text: str
) -> Act:
    """Make `penholder WORD NAME…`, for workers of one host, and a text for them."""
    taken = [each.label for each in all_known if each.key.host == host.name]
    names = [_name(each, taken) for each in chosen]
    ids = [each.key.id for each in chosen]
    # Else the text would be taken for a flag.
    begin = ("--",) if any(each.startswith("-") for each in text) else ()
    shown = shlex.join(_argv(word, host, (*begin, *names, *text)))
    return Act(shown, _argv(word, host, (*begin, *ids, *text)), host)


def sending(host: Host, worker: Worker, all_known: Iterable[Worker], text: str) -> Act:
    """Make `penholder send NAME TEXT`; raises Refused where the text means something else."""
    if text in ("", "-"):
        raise Refused("`-` would be read from stdin" if text else "there is nothing to send")
    return on_workers("send", host, [worker], all_known, text)


def answering(host: Host, answer: Answer) -> Act:
    """Make `penholder approve ID`, `deny ID` or `answer ID OPTION`, with a note."""
    words: tuple[str, ...] = (answer.question.request_id,)
    if answer.word is None:
        words = (*words, answer.option.id)
    if answer.note:
        words = (*words, f"--note={answer.note}")
    argv = _argv(answer.word or "answer", host, words)
    return Act(shlex.join(argv), argv, host, answer)


def _name(worker: Worker, taken: Sequence[str]) -> str:
    is_one = _NAME.fullmatch(worker.label) and taken.count(worker.label) == 1
    return worker.label if is_one else worker.key.id


def _argv(word: str, host: Host, words: Sequence[str]) -> tuple[str, ...]:
    return ("penholder", word, *host.words, *words)
