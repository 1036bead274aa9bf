"""Real-time order: what was over before something else began, comes before it."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from tests.helpers.histories.recorded import Call

CallT = TypeVar("CallT", bound=Call)


def disorder(placed: Sequence[CallT]) -> Iterator[tuple[CallT, CallT]]:
    """Yield, of calls in the order of their effects, a later one that was over before an earlier.

    For each later one at most one earlier is named: the one that began last.
    """
    latest: CallT | None = None
    for call in placed:
        if latest is not None and call.done < latest.begun:
            yield latest, call
        if latest is None or call.begun > latest.begun:
            latest = call
