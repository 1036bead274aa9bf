"""The two pipes that a command without a terminal writes to."""

import os

from penholder.cli.run.arrivals import Arrivals


class OutputPipes:
    """Both ends of both; ours are watched from before there is a command that could write."""

    def __init__(self, arrivals: Arrivals) -> None:
        """Make them; raises OSError."""
        self._ours: list[int] = []
        self._its: list[int] = []
        try:
            for _ in range(2):
                our, its = os.pipe2(os.O_CLOEXEC)
                self._ours.append(our)
                self._its.append(its)
                arrivals.watch(our)
        except OSError:
            self.close()
            raise

    @property
    def ours(self) -> tuple[int, int]:
        """What is read: of stdout, and of stderr."""
        return self._ours[0], self._ours[1]

    @property
    def its(self) -> tuple[int, int]:
        """What the command gets as stdout, and as stderr."""
        return self._its[0], self._its[1]

    def given(self) -> None:
        """Close the command's ends, which it has now: else they would never end."""
        _close(self._its)

    def close(self) -> None:
        """Close what is open."""
        _close(self._its)
        _close(self._ours)


def _close(descriptors: list[int]) -> None:
    while descriptors:
        os.close(descriptors.pop())
