"""Records that are moved by compare-and-set: each version is won once, and the chain is whole.

Each move writes, all or nothing with itself, its number into the stream of its record. So the
stream is the chain of versions, and where it stands is the version.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.helpers.histories.recorded import NEVER, Append, History, Look, Outcome


class _Version(NamedTuple):
    """A state, and when at the latest it had begun and at the soonest it can have ended."""

    state: str
    surely_from: float
    perhaps_from: float
    surely_until: float
    perhaps_until: float


def faults(history: History) -> Iterator[str]:
    """Yield what is wrong with the records that were moved."""
    for record, first in sorted(history.first_states.items()):
        calls = {each.number: each for each in history.appends if each.record == record}
        chain = _chain(history, record)
        yield from _of_the_chain(record, first, chain)
        for final in history.finals:
            last = chain[-1].after if chain else first
            if final.states.get(record) != last:
                yield (
                    f"{record}: daemon {final.daemon} has it {final.states.get(record)}, and the"
                    f" chain ends with {last} (torn)"
                )
        versions = _versions(first, chain)
        yield from _of_refusals(record, list(calls.values()), versions)
        yield from _of_looks(history, record, versions)


def _chain(history: History, record: str) -> list[Append]:
    by_number = {each.number: each for each in history.appends if each.record == record}
    entries = history.finals[0].entries
    return [by_number[each.number] for each in entries if each.number in by_number]


def _of_the_chain(record: str, first: str, chain: list[Append]) -> Iterator[str]:
    state: str | None = first
    winner: Append | None = None
    for version, move in enumerate(chain):
        if move.before != state:
            if winner is not None and winner.before == move.before:
                yield (
                    f"{record}: {winner.number} and {move.number} have both won version"
                    f" {version - 1}, {move.before} (two winners)"
                )
            else:
                yield f"{record}: {move.number} moved it from {move.before} at {state} (broken)"
        state, winner = move.after, move


def _versions(first: str, chain: list[Append]) -> list[_Version]:
    found = []
    states = [first, *(str(move.after) for move in chain)]
    for at, state in enumerate(states):
        made = chain[at - 1] if at else None
        ended = chain[at] if at < len(chain) else None
        found.append(
            _Version(
                state,
                -NEVER if made is None else made.done,
                -NEVER if made is None else made.begun,
                NEVER if ended is None else ended.begun,
                NEVER if ended is None else ended.done,
            )
        )
    return found


def _of_refusals(record: str, calls: list[Append], versions: list[_Version]) -> Iterator[str]:
    for call in calls:
        if call.outcome is not Outcome.REFUSED or call.refusal != "STALE_STATE":
            continue
        for version in versions:
            throughout = version.surely_from < call.begun and call.done < version.surely_until
            if throughout and version.state == call.before:
                yield (
                    f"{record}: {call.number} was refused as stale while it was {call.before}"
                    " (false refusal)"
                )


def _of_looks(history: History, record: str, versions: list[_Version]) -> Iterator[str]:
    for look in history.looks:
        if look.record == record and not any(_may_be(look, each) for each in versions):
            yield f"{record}: daemon {look.daemon} showed {look.state}, which was over (stale look)"


def _may_be(look: Look, version: _Version) -> bool:
    return (
        look.state == version.state
        and version.perhaps_from <= look.done
        and look.begun <= version.perhaps_until
    )
