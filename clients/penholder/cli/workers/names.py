"""Which worker a NAME means.

People type what is short and what they remember: a label, its beginning, the end of an id. In this
order: an id; the label of a living worker; the newest ended one with that label; the beginning of
one label only; the end of one id only (ids begin with the time, so their ends tell them apart);
`-1` is the newest of all. The workers of the directory's controller go before all others. What
means several is refused, and the candidates are named: no word guesses.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress

import msgspec

from penholder.blocking import Client
from penholder.cli import pages
from penholder.cli.terminal import options
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.text import printable
from penholder.cli.workers import living, scope
from penholder_protocol.errors import ControllerNotFound, PenholderError, WorkerNotFound
from penholder_protocol.nouns import Worker

NEWEST = "-1"
_SHORTEST_END = 4
_MOST_CANDIDATES = 8
_LONGEST_ID = 64


class Known(msgspec.Struct, frozen=True):
    """What a worker is called, and whether it lives."""

    worker_id: str
    controller_id: str
    label: str
    state: str
    recovery_state: str
    created_at: str
    runtime_pid: int | None = None

    @property
    def is_living(self) -> bool:
        """Whether its seat is held, or it is starting."""
        return living.is_living(self.state, self.recovery_state, self.runtime_pid)


def resolve(client: Client, name: str, controller_id: str | None = None) -> Worker:
    """Return the worker that a name means, of one controller or of any.

    Raises WorkerNotFound where it means nobody, Usage where it means several.
    """
    return resolve_all(client, [name], controller_id)[0]


def resolve_all(
    client: Client, names: Sequence[str], controller_id: str | None = None
) -> list[Worker]:
    """Return the workers that names mean, each once; nothing is done before all are known."""
    resolver = _Resolver(client, controller_id)
    found = {worker.worker_id: worker for worker in map(resolver.find, names)}
    return list(found.values())


def all_known(client: Client, controller_id: str | None = None) -> Iterator[Known]:
    """Yield all workers, newest first, of one controller or of all."""
    return pages.items(client.call, "worker.list", {"controller_id": controller_id}, Known)


class _Resolver:
    """Reads the lists once for all names of a command, and not at all where ids are given."""

    def __init__(self, client: Client, controller_id: str | None) -> None:
        self._client = client
        self._controller_id = controller_id
        self._lists: dict[str | None, list[Known]] = {}

    def find(self, name: str) -> Worker:
        if not name:
            raise Usage("a NAME must not be empty")
        return self._by_id(name) or self._by_lists(name)

    def _by_id(self, name: str) -> Worker | None:
        if len(name) > _LONGEST_ID or name == NEWEST:
            return None
        try:
            found = self._client.call("worker.get", {"worker_id": name}, Worker)
        except WorkerNotFound:
            return None
        except PenholderError as error:
            if error.number != -32602:
                raise
            return None  # a label may have characters that no id has
        return found if self._controller_id in (None, found.controller_id) else None

    def _by_lists(self, name: str) -> Worker:
        for controller_id in self._scopes():
            with self._may_be_unknown(controller_id):
                self._read(controller_id)
            found = match(name, self._lists.get(controller_id, []))
            if len(found) > 1:
                raise Usage(_several(name, found))
            if found:
                return self._client.call("worker.get", {"worker_id": found[0].worker_id}, Worker)
        labels = [known.label for listed in self._lists.values() for known in listed]
        hint = options.nearest(name, map(printable, labels))
        raise WorkerNotFound(f"no worker is called {printable(name)!r}{hint}", worker_id=name)

    def _scopes(self) -> Iterator[str | None]:
        if self._controller_id is not None:
            yield self._controller_id
            return
        # A directory that was removed has no controller, and all others still have theirs.
        with suppress(Failure):
            yield scope.directory_controller(self._client).controller_id
        yield None

    def _read(self, controller_id: str | None) -> None:
        if controller_id not in self._lists:
            self._lists[controller_id] = list(all_known(self._client, controller_id))

    def _may_be_unknown(self, controller_id: str | None) -> AbstractContextManager[None]:
        """A directory's controller is registered with its first worker; others must be there."""
        return (
            suppress(ControllerNotFound) if controller_id != self._controller_id else nullcontext()
        )


def match(name: str, workers: Sequence[Known]) -> list[Known]:
    """Return whom a name means of these, who are newest first: nobody, one, or several."""
    if name == NEWEST:
        return list(workers[:1])
    for look in _LOOKS:
        if found := look(name, workers):
            return found
    return []


def _labelled(name: str, workers: Sequence[Known]) -> list[Known]:
    same = [worker for worker in workers if worker.label == name]
    living = [worker for worker in same if worker.is_living]
    return living or same[:1]


def _beginning(name: str, workers: Sequence[Known]) -> list[Known]:
    begun = [worker for worker in workers if worker.label.startswith(name)]
    labels = dict.fromkeys(worker.label for worker in begun)
    if len(labels) == 1:
        return _labelled(next(iter(labels)), begun)
    return _one_each(begun)


def _one_each(workers: Iterable[Known]) -> list[Known]:
    return list({worker.label: worker for worker in reversed(list(workers))}.values())[::-1]


def _ending(name: str, workers: Sequence[Known]) -> list[Known]:
    if len(name) < _SHORTEST_END:
        return []
    return [worker for worker in workers if worker.worker_id.endswith(name)]


_LOOKS: tuple[Callable[[str, Sequence[Known]], list[Known]], ...] = (
    _labelled,
    _beginning,
    _ending,
)


def _several(name: str, found: Sequence[Known]) -> str:
    named = [f"{printable(each.label)} ({each.worker_id}, {each.state})" for each in found]
    more = len(named) - _MOST_CANDIDATES
    tail = f" and {more} more" if more > 0 else ""
    return (
        f"{name!r} means {len(named)} workers: {', '.join(named[:_MOST_CANDIDATES])}{tail};"
        " say more of the name, or an id"
    )
