"""Every check of a history."""

from collections.abc import Iterator

from tests.helpers.histories import appends, holds, moves, tellings
from tests.helpers.histories.recorded import Final, History


def faults(history: History) -> list[str]:
    """Return, each in a line, what no history of sound daemons can hold."""
    assert history.finals, "nothing was read at the end"
    return [
        *_of_finals(history.finals),
        *appends.faults(history),
        *moves.faults(history),
        *holds.faults(history),
        *tellings.faults(history),
    ]


def _of_finals(finals: list[Final]) -> Iterator[str]:
    first = finals[0]
    for final in finals:
        for finding in final.findings:
            yield f"daemon {final.daemon} finds in its own state: {finding} (verify)"
        if (final.entries, final.states, final.results) != (
            first.entries,
            first.states,
            first.results,
        ):
            yield f"daemons {first.daemon} and {final.daemon} end with different states (split)"
    positions = [each.pos for each in first.entries]
    if positions != sorted(set(positions)):
        yield "the journal does not go by its positions (disorder)"
