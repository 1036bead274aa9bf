"""The thread that reads the command's pipes: to the terminal as it is, to the backlog in lines.

Or its pseudo-terminal, which is one where pipes are two, and shown to viewers as well.

One thread for both pipes keeps the order in which they were read. It copies before it cuts: who
looks at the terminal sees what the command wrote, when it wrote it.

What is no line yet must not wait for its newline for ever, as a question has none. So the thread
wakes when the oldest piece is due. It is sent only where the pipe is empty at that moment: what
lies in there may be the rest of the line.

Reading ends when all ends of the pipes are closed. But somebody who has left the command's group
may hold one open for days. So there is an end that is asked for (`finish`): what is in the pipes
then is read, and no more.

When the backlog is full this thread waits in `put` and reads nothing: the pipe fills, and the
command waits in its write. That time says nothing about the command, and is not counted.
"""

import fcntl
import os
import select
import selectors
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import msgspec

from penholder.cli.run.backlog import Backlog
from penholder.cli.run.pty_pair import BUFFERED_BYTES, read_some
from penholder_protocol.nouns import NewEvent

_CHUNK_BYTES = 64 << 10
OUTPUT = "output"


class Cuts(Protocol):
    """Makes events of what is read from one pipe; `lines.Splitter` says it in full."""

    @property
    def due_at(self) -> float | None:
        """When `flush` is due, if nothing more comes until then."""

    def feed(self, chunk: bytes, now: float = 0.0, /) -> Iterator[msgspec.Raw]:
        """Yield the data of the events that these bytes complete; may wait for room first."""

    def flush(self) -> Iterator[msgspec.Raw]:
        """Yield what has waited for long."""

    def postpone(self, by_s: float) -> None:
        """Not count a time in which nobody read."""

    def end(self) -> Iterator[msgspec.Raw]:
        """Yield what is left when the stream ends."""


class Source(msgspec.Struct):
    """One pipe of the command, or our end of its terminal, and where copies go."""

    pipe_fd: int
    splitter: Cuts
    tee_fd: int | None
    show: Callable[[bytes], None] | None = None
    """Takes a copy for viewers, and does not wait for them."""


class Reader(threading.Thread):
    """Reads until all pipes have ended, or after `finish` until they are empty."""

    def __init__(
        self,
        sources: Iterable[Source],
        backlog: Backlog,
        done: Callable[[], None],
        unread: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the pipes; `done` is called when nothing more will come.

        `unread` is called when who was to read a copy has closed its end.
        """
        super().__init__(name="penholder-run-reader", daemon=True)
        self._backlog = backlog
        self._done = done
        self._unread = unread
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        # A pipe of its own to be woken by: it waits in a call that hears of nothing but
        # descriptors.
        self._wake_fd, self._finish_fd = os.pipe2(os.O_CLOEXEC)
        self._selector.register(self._wake_fd, selectors.EVENT_READ, None)
        self._open = list(sources)
        for source in self._open:
            self._selector.register(source.pipe_fd, selectors.EVENT_READ, source)

    def finish(self) -> None:
        """Stop waiting for pipes that somebody outside the command's group holds open."""
        os.write(self._finish_fd, b"x")

    def run(self) -> None:
        """Read."""
        try:
            while self._open:
                self._read_some()
        finally:
            self._done()

    def _read_some(self) -> None:
        ready = [key.data for key, _ in self._selector.select(self._patience_s())]
        for source in ready:
            if source is not None:
                self._read(source, _CHUNK_BYTES)
        self._flush_due()
        # Last in a round: what was ready beside it has been read.
        if None in ready:
            self._drain()

    def _patience_s(self) -> float | None:
        """Return how long what is no line yet may still wait."""
        due = [at for source in self._open if (at := source.splitter.due_at) is not None]
        return max(0.0, min(due) - self._clock()) if due else None

    def _flush_due(self) -> None:
        for source in self._open:
            due_at = source.splitter.due_at
            is_due = due_at is not None and due_at <= self._clock()
            if is_due and not _readable_bytes(source.pipe_fd):
                self._put(source.splitter.flush())

    def close(self) -> None:
        """Free the selector, after the thread has ended."""
        self._selector.close()
        os.close(self._wake_fd)
        os.close(self._finish_fd)

    def _drain(self) -> None:
        """Read what is in the pipes now, and no more."""
        for source in list(self._open):
            # Asked once: whoever goes on writing would keep this reading for ever.
            left = _most_waiting(source)
            while left > 0 and source in self._open:
                read = self._read(source, min(left, _CHUNK_BYTES))
                if not read:
                    break
                left -= read
            if source in self._open:
                self._end(source)

    def _read(self, source: Source, most: int) -> int:
        chunk = read_some(source.pipe_fd, most)
        if chunk is None:
            return 0
        if not chunk:
            self._end(source)
            return 0
        if source.show is not None:
            source.show(chunk)
        self._copy(source, chunk)
        read_at = self._clock()
        self._put(source.splitter.feed(chunk, read_at))
        held_up_s = self._clock() - read_at
        for each in self._open:
            # While the daemon is away nobody reads: that the pipe was silent then says nothing.
            each.splitter.postpone(held_up_s)
        return len(chunk)

    def _copy(self, source: Source, chunk: bytes) -> None:
        """Copy it; what takes no more of it gets no more, and the events go on."""
        if source.tee_fd is None:
            return
        try:
            is_copied = copy_all(chunk, source.tee_fd)
        except BrokenPipeError:
            is_copied = False
            self._unread()
        if not is_copied:
            source.tee_fd = None

    def _end(self, source: Source) -> None:
        self._selector.unregister(source.pipe_fd)
        self._open.remove(source)
        self._put(source.splitter.end())

    def _put(self, found: Iterable[msgspec.Raw]) -> None:
        for data in found:
            self._backlog.put(NewEvent(type=OUTPUT, data=data))


def _most_waiting(source: Source) -> int:
    # Of a terminal the kernel does not tell all that is on its way; nothing more is seen as well.
    return _readable_bytes(source.pipe_fd) if source.show is None else BUFFERED_BYTES


def _readable_bytes(fd: int) -> int:
    answer = fcntl.ioctl(fd, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


def copy_all(chunk: bytes, fd: int) -> bool:
    """Write all of it; False if it takes no more. Raises BrokenPipeError where nobody reads."""
    left = memoryview(chunk)
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:
            # Somebody made it non-blocking for all who share it; here it is waited for all the
            # same.
            poll = select.poll()
            poll.register(fd, select.POLLOUT)
            poll.poll()
        except BrokenPipeError:
            raise
        except OSError:
            return False
    return True
