"""Members by the names of the streams that they want to hear of."""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

MemberT = TypeVar("MemberT")


class ByStream(Generic[MemberT]):
    """Who wants which stream, by its exact name; in the order in which they came."""

    def __init__(self) -> None:
        """Begin with nobody."""
        # Dicts in place of sets: a set has another order in each run, and a simulation would not
        # replay.
        self._members: dict[str, dict[MemberT, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._members)

    def add(self, names: Iterable[str], member: MemberT) -> None:
        """Have one hear of streams."""
        for name in names:
            self._members.setdefault(name, {})[member] = None

    def discard(self, names: Iterable[str], member: MemberT) -> None:
        """Have it hear of them no more."""
        for name in names:
            members = self._members.get(name, {})
            members.pop(member, None)
            # A name that nobody asks for any more must not stay: peers choose the names.
            if not members:
                self._members.pop(name, None)

    def of(self, name: str) -> Mapping[MemberT, None]:
        """Return who wants a stream; it changes with them."""
        return self._members.get(name, {})
