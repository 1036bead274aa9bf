"""What values there are, asked of the daemon: quickly, quietly, and nothing that a shell could take
for more than a word.

A label may hold anything, and completion puts it on somebody's command line: only what is plain is
offered. Whoever presses a key waits: what is not answered at once is not offered.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.terminal import targets
from penholder.cli.terminal.options import Options
from penholder_protocol.errors import PenholderError

_PATIENCE_S = 0.1
_MOST = 200
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:/@+-]{0,127}")


class _Row(msgspec.Struct):
    worker_id: str = ""
    controller_id: str = ""
    label: str = ""
    request_id: str = ""
    run_id: str = ""
    queue: str = ""
    session_id: str = ""
    board_id: str = ""


class _Page(msgspec.Struct):
    items: list[_Row]


class Asked:
    """The values of one completion; each list is read at most once."""

    def __init__(self, options: Options | None = None) -> None:
        """Ask the daemon that the words would ask."""
        self._options = options or Options()

    def of(self, kind: str) -> list[str]:
        """Return the values of a kind: a flag, or an argument's name in the help."""
        reader = _READERS.get(kind)
        if reader is None:
            return []
        try:
            return [each for each in reader(self) if _PLAIN.fullmatch(each)]
        except (
            PenholderError, ConnectionLost, DaemonUnreachable, TimeoutError, OSError, ValueError,
        ):  # fmt: skip
            return []  # nobody has asked for a complaint

    def rows(self, method: str, **params: object) -> Iterator[_Row]:
        """Yield the records of a list, as many as a person would look through."""
        target = targets.choose(self._options)
        targets.probe(target.path)
        with Client(target.path, reconnect_s=0) as client:
            page = client.call(method, {**params, "limit": _MOST}, _Page, timeout_s=_PATIENCE_S)
        yield from page.items

    def workers(self) -> list[_Row]:
        """Return the newest workers."""
        return list(self.rows("worker.list"))

    def questions(self) -> list[_Row]:
        """Return what is asked now."""
        return list(self.rows("approval.list"))


def _names(asked: Asked) -> Iterable[str]:
    workers = asked.workers()
    return [*(each.label for each in workers), *(each.worker_id for each in workers)]


def _what(asked: Asked) -> Iterable[str]:
    questions = asked.questions()
    asking = {each.worker_id for each in questions}
    labels = [each.label for each in asked.workers() if each.worker_id in asking]
    return [*labels, *(each.request_id for each in questions)]


def _controllers(asked: Asked) -> Iterable[str]:
    return [each.controller_id for each in asked.rows("controller.list")]


def _queues(asked: Asked) -> Iterable[str]:
    return dict.fromkeys(each.queue for each in asked.rows("queue.list"))


def _streams(asked: Asked) -> Iterable[str]:
    workers = [f"worker:{each.worker_id}" for each in asked.workers()]
    controllers = [f"controller:{each}" for each in _controllers(asked)]
    return ["daemon", *workers, *controllers, *(f"queue:{each}" for each in _queues(asked))]


def _contexts(asked: Asked) -> Iterable[str]:
    del asked  # it is this user's own file that says it
    from penholder.cli.terminal import configuration  # noqa: PLC0415 - a parser

    return configuration.read().context


def _field(method: str, name: str) -> Callable[[Asked], Iterable[str]]:
    return lambda asked: [getattr(each, name) for each in asked.rows(method)]


_READERS: dict[str, Callable[[Asked], Iterable[str]]] = {
    "NAME": _names,
    "WHAT": _what,
    "STREAM": _streams,
    "--streams": _streams,
    "--controller": _controllers,
    "--controller-id": _controllers,
    "--worker": lambda asked: [each.worker_id for each in asked.workers()],
    "--worker-id": lambda asked: [each.worker_id for each in asked.workers()],
    "--request-id": _field("approval.list", "request_id"),
    "--run-id": _field("run.list", "run_id"),
    "--board-id": _field("board.list", "board_id"),
    "--session-id": _field("session.list", "session_id"),
    "--queue": _queues,
    "--at": _contexts,
}
