"""Whether anybody still reads what a command prints that waits for more to print.

Writing would tell it, but there may be nothing to write for hours: `penholder tail | grep -m1 x`.
"""

import os
import select
import threading
from collections.abc import Callable
from types import TracebackType


class Reader:
    """Whoever reads a descriptor that we write; `on_gone` is called when it has closed its end.

    Only of a pipe, a socket or a terminal can this be told; a file has no other end.
    """

    def __init__(self, descriptor: int, on_gone: Callable[[], None]) -> None:
        """Watch from the block's begin to its end."""
        self._descriptor = descriptor
        self._on_gone = on_gone
        # To be woken at the end of the block: nothing else would end the poll.
        self._woken, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.is_gone = False

    def __enter__(self) -> "Reader":
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End."""
        os.close(self._wake)
        self._thread.join()
        os.close(self._woken)

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, 0)  # errors and hang-ups are told unasked
        poll.register(self._woken, 0)
        ended = [descriptor for descriptor, _ in poll.poll()]
        if self._descriptor in ended and self._woken not in ended:
            self.is_gone = True
            self._on_gone()
