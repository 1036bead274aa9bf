"""State machines: one table of allowed steps, looked at in one way."""

from collections.abc import Mapping
from typing import Generic, TypeVar

StateT = TypeVar("StateT", bound=str)


class StateMachine(Generic[StateT]):
    """The steps that each state allows; every state is a key."""

    def __init__(self, steps: Mapping[StateT, frozenset[StateT]]) -> None:
        """Check that the table is closed."""
        unknown = {to for reached in steps.values() for to in reached} - set(steps)
        if unknown:
            raise ValueError(f"states without a row: {sorted(unknown)}")
        self._steps = dict(steps)

    def known(self, state: str) -> StateT | None:
        """Return the state if it is one."""
        return next((each for each in self._steps if each == state), None)

    def allows(self, current: str, to: StateT) -> bool:
        """Tell whether a step is in the table."""
        state = self.known(current)
        return state is not None and to in self._steps[state]

    @property
    def states(self) -> list[str]:
        """All states, in the order of the table."""
        return list(self._steps)
