"""The terminal of a command over all its starts, and all that belongs to it.

The reading thread shows what the command writes, the loop's thread serves who looks and types:
viewers from elsewhere, and the terminal that `penholder run` itself was started in. That one lends
its keys for as long as the command runs and this program is in its foreground; a shell that stops
or continues us gets and gives it.
"""

import os
import select
import signal
import sys
import threading

from penholder.cli.run.backlog import Backlog
from penholder.cli.run.endpoint import Endpoint
from penholder.cli.run.frames import Ended
from penholder.cli.run.lines import Splitter
from penholder.cli.run.loop import Loop
from penholder.cli.run.pty_input import Input
from penholder.cli.run.pty_own import Terminal
from penholder.cli.run.pty_pair import Pty
from penholder.cli.run.pty_serving import Serving, serve
from penholder.cli.run.pty_viewers import Viewers
from penholder.cli.run.reader import Source
from penholder_protocol.nouns import NewEvent

MAX_UNSHOWN_BYTES = 1 << 20
_READ_BYTES = 16 << 10
_LOOK_AGAIN_S = 0.3
_SHOWN_WITHIN_S = 10.0
"""A thread that never waits takes no such time: only one that has failed."""


def own_terminal(is_quiet: bool) -> Terminal | None:
    """Return the terminal that this program was started in, if its keys are the command's."""
    if is_quiet or sys.stdin is None or not sys.stdin.isatty():
        return None
    return Terminal(sys.stdin.fileno())


class PtyTerminal:
    """A command's terminal, from before its first start until after its end."""

    def __init__(self, own: Terminal | None) -> None:
        """Take the terminal that this program was started in, if its keys are the command's."""
        self._loop = Loop()
        self._own = own
        self._is_lent = False
        self._looks = False
        self._pty: Pty | None = None
        self._typed: Input | None = None
        self._backlog: Backlog | None = None
        self._viewers = Viewers(self._tell)
        self._unshown: list[bytes] = []
        self._unshown_bytes = 0
        self._shown = threading.Condition()

    def serve(self, endpoint: Endpoint) -> None:
        """Let others attach and type by the runner's socket."""
        serve(endpoint, Serving(self._loop, self._viewers))

    def begin(self, backlog: Backlog) -> None:
        """Go on in a thread; this queue takes what the worker's stream is told."""
        self._backlog = backlog
        self._loop.start()
        if self._own is not None:
            for number in (signal.SIGWINCH, signal.SIGCONT):
                signal.signal(number, lambda *_: self._loop.call(self._borrow))

    def renew(self) -> Pty:
        """Make the terminal of the next start, as large as the last, or as our own; raises OSError.

        In the background our own's modes are those of a shell that is just being typed to.
        """
        own = self._own
        size = self._viewers.size or (None if own is None else own.size())
        pty = Pty(size, own.descriptor if own is not None and own.is_ours else None)
        self._loop.ask(lambda: self._connect(pty))
        return pty

    def _connect(self, pty: Pty) -> None:
        self._pty = pty
        self._typed = Input(self._loop, pty.our_fd)
        self._viewers.connect(pty, self._typed)
        self._is_lent = True
        self._borrow()

    def close_pty(self) -> None:
        """Close the terminal of a start that has ended, and what was typed and not read."""
        self._loop.ask(self._disconnect)

    def _disconnect(self) -> None:
        if self._typed is not None and self._pty is not None:
            self._viewers.disconnect()
            self._typed.close()
            self._pty.close()
        self._typed = self._pty = None

    @property
    def descriptor(self) -> int:
        """Our end of it."""
        assert self._pty is not None  # renewed for this start
        return self._pty.our_fd

    def source(self, tee_fd: int | None) -> Source:
        """Return what the reader reads: all that is written to the terminal."""
        return Source(self.descriptor, Splitter("stdout", crlf=True), tee_fd, "stdout", self.show)

    def show(self, written: bytes) -> None:
        """Show it to all viewers; from the reading thread, which waits for no viewer."""
        with self._shown:
            self._shown.wait_for(self._has_room, _SHOWN_WITHIN_S)
            self._unshown.append(written)
            self._unshown_bytes += len(written)
        self._loop.call(self._show)

    def _has_room(self) -> bool:
        return self._unshown_bytes < MAX_UNSHOWN_BYTES

    def _show(self) -> None:
        with self._shown:
            written, self._unshown = b"".join(self._unshown), []
            self._unshown_bytes = 0
            self._shown.notify_all()
        if written:
            self._viewers.show(written)

    def give_back(self) -> None:
        """Give the own terminal back, before this program stops, and when its command has ended."""
        self._is_lent = False
        if self._own is not None:
            self._own.leave()

    def take_again(self) -> None:
        """Borrow the own terminal again, where this program is in its foreground."""
        self._is_lent = True
        self._loop.call(self._borrow)

    def end(self, how: Ended) -> None:
        """Tell the viewers how the command ended; returns when they are told."""
        self._loop.ask(lambda: self._viewers.end(how))

    def stop_lending(self) -> None:
        """Have keys mean what they mean again: the command is gone, and this program is left."""
        self.give_back()
        self._loop.call(self._unborrow)

    def _borrow(self) -> None:
        """Take keys, where this is in the foreground; note the size, which may be a new one."""
        own = self._own
        if own is None or self._is_kept():
            return
        if own.enter():
            self._loop.watch(own.descriptor, select.EPOLLIN, self._read_keys)
        else:
            self._unborrow()
            self._look_again()
        self._viewers.resize(own.size())
        # It may have been given back meanwhile, by the thread that decides.
        if self._is_kept():
            self._unborrow()
            own.leave()

    def _look_again(self) -> None:
        # A shell tells nobody that it puts a job which runs already into the foreground.
        if not self._looks:
            self._looks = True
            self._loop.after(_LOOK_AGAIN_S, self._borrow_at_last)

    def _borrow_at_last(self) -> None:
        self._looks = False
        self._borrow()

    def _is_kept(self) -> bool:
        return not self._is_lent

    def _unborrow(self) -> None:
        if self._own is not None:
            self._loop.unwatch(self._own.descriptor)

    def _read_keys(self, _events: int) -> None:
        if self._own is None or self._typed is None:
            return
        try:
            typed = os.read(self._own.descriptor, _READ_BYTES)
        except OSError:  # hung up
            typed = b""
        if not typed:
            self._unborrow()
            return
        self._typed.put(typed)
        if self._typed.is_full:
            self._unborrow()
            self._typed.when_room(self._borrow)

    def _tell(self, said: NewEvent) -> bool:
        backlog = self._backlog
        if backlog is None or backlog.is_full or backlog.is_abandoned:
            return False
        backlog.put(said, at_once=True)
        return True

    def close(self) -> None:
        """End the thread, and give the own terminal back."""
        self._loop.close()
        self.give_back()
