"""The questions of workers, and what each may be answered with."""

from collections.abc import Callable, Iterator, Sequence

from penholder.blocking import Client
from penholder.cli import pages
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.text import printable
from penholder.cli.workers import fates, names
from penholder_protocol.errors import ApprovalNotFound, PenholderError, WorkerNotFound
from penholder_protocol.nouns import Approval, Option

_SHORTEST_END = 4
_LONGEST_ID = 128
_SHOWN = 40


def pending(
    client: Client, controller_id: str | None = None, worker_id: str | None = None
) -> Iterator[Approval]:
    """Yield what is asked now, oldest first."""
    about = {"controller_id": controller_id, "worker_id": worker_id}
    return pages.items(client.call, "approval.list", about, Approval)


def resolve(client: Client, what: str, controller_id: str | None = None) -> Approval:
    """Return the question that WHAT means: an id, the end of one, or who asks just one.

    Raises ApprovalNotFound where it means none, ApprovalNotPending where that is not asked any
    more, Usage where it means several.
    """
    if not what:
        raise Usage("WHAT must not be empty: an id of a question, or the NAME of a worker")
    found = _by_id(client, what)
    if found is not None:
        return found
    asked = list(pending(client, controller_id))
    ended = [each for each in asked if each.request_id.endswith(what)]
    if len(what) >= _SHORTEST_END and ended:
        return _only(ended, what)
    try:
        worker = names.resolve(client, what, controller_id)
    except WorkerNotFound:
        ended_before = fates.by_end(client, what) if len(what) >= _SHORTEST_END else None
        if ended_before is not None:
            raise fates.has_ended(client, ended_before) from None
        raise ApprovalNotFound(
            f"{printable(what)!r} is neither a question that is asked nor a worker's name"
        ) from None
    own = [each for each in asked if each.worker_id == worker.worker_id]
    if not own:
        last = fates.last_of(client, worker.worker_id)
        if last is not None:
            raise fates.has_ended(client, last)
        raise ApprovalNotFound(
            f"{printable(worker.label)} asks nothing at the moment", worker_id=worker.worker_id
        )
    return _only(own, what)


def _by_id(client: Client, what: str) -> Approval | None:
    if len(what) > _LONGEST_ID:
        return None
    try:
        return client.approval.get(request_id=what)
    except ApprovalNotFound:
        return None
    except PenholderError as error:
        if error.number != -32602:
            raise
        return None  # a label may have characters that no id has


def _only(found: Sequence[Approval], what: str) -> Approval:
    if len(found) == 1:
        return found[0]
    asked = "; ".join(f"{each.request_id} ({_begin(each.message)})" for each in found[:8])
    raise Usage(
        f"{printable(what)!r} means {len(found)} questions: {asked}; say which by its id or its end"
    )


def _begin(message: str) -> str:
    line = printable(message.partition("\n")[0])
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


Pick = Callable[[Sequence[Option]], Option | None]


def allowing(options: Sequence[Option]) -> Option | None:
    """Return the option that says yes, this once."""
    return _once(options, "allow_once", "allow")


def denying(options: Sequence[Option]) -> Option | None:
    """Return the option that says no, this once."""
    return _once(options, "reject_once", "deny")


def _once(options: Sequence[Option], kind: str, alias: str) -> Option | None:
    """Return the one option of a kind, else the one of an alias that decides nothing for ever."""
    of_kind = [each for each in options if each.kind == kind]
    if of_kind:
        return of_kind[0] if len(of_kind) == 1 else None
    named = [
        each
        for each in options
        if (each.alias or each.id).lower() == alias and not is_lasting(each)
    ]
    return named[0] if len(named) == 1 else None


def is_lasting(option: Option) -> bool:
    """Tell whether an option decides for all times to come."""
    return any(
        text is not None and text.lower().endswith("_always")
        for text in (option.kind, option.id, option.alias)
    )


def named(options: Sequence[Option], word: str) -> Option | None:
    """Return the option that a word names: its id, else its alias or label, best as it stands."""
    for option in options:
        if option.id == word:
            return option
    lower = word.lower()
    as_it_stands = [each for each in options if word in (each.alias, each.label)]
    in_any_case = [each for each in options if lower in (_lower(each.alias), _lower(each.label))]
    found = as_it_stands or in_any_case
    return found[0] if len(found) == 1 else None


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def described(option: Option) -> str:
    """Write an option as people choose it: its id, and what it says where that is more."""
    label = option.label
    return (
        option.id
        if label is None or label.lower() == option.id.lower()
        else f"{option.id} ({label})"
    )


def denies(option: Option) -> bool:
    """Tell whether an option says no."""
    kind = (option.kind or "").lower()
    return kind.startswith("reject") or (not kind and (option.alias or option.id).lower() == "deny")
