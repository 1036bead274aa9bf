"""The thread that reads the command's pipes: to the terminal as it is, to the backlog in lines.

Or its pseudo-terminal, which is one where pipes are two, and shown to viewers as well.

One thread for both pipes keeps their order: first comes what was there first (`Arrivals`), and all
that is there is taken out before any of it is worked on, which takes time. What no reader can tell
is the order within that moment, where both were written to more than once. It copies before it
cuts: who looks at the terminal sees what the command wrote, when it wrote it.

What is no line yet must not wait for its newline for ever, as a question has none. So the thread
wakes when the oldest piece is due. It is sent only where the pipe is empty at that moment: what
lies in there may be the rest of the line.

Reading ends when all ends of the pipes are closed. But somebody who has left the command's group
may hold one open for days. So there is an end that is asked for (`finish`): what is in the pipes
then is read, and no more.

When the backlog is full this thread waits in `put` and reads nothing: the pipe fills, and the
command waits in its write. That time says nothing about the command, and is not counted.

Who reads the copy may go meanwhile (`yes | head`). The command is told by the write that fails, and
it comes to that only when this thread does not wait any more: so from there on what finds no room
is dropped, with an event that says so, and nothing is kept of what comes after it.
"""

import fcntl
import os
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple, Protocol

import msgspec

from penholder.cli.run.arrivals import Arrivals
from penholder.cli.run.backlog import Backlog
from penholder.cli.run.copying import Uncopied, copy_all, has_other_end, is_hung_up
from penholder.cli.run.lines import StreamName
from penholder.cli.run.pty_pair import BUFFERED_BYTES, read_some
from penholder.cli.run.telling import event
from penholder.cli.terminal import reader as other_end
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
    stream: StreamName
    show: Callable[[bytes], None] | None = None
    """Takes a copy for viewers, and does not wait for them."""
    is_unread: bool = False
    """Whether who was to read the copy has gone."""
    is_cut: bool = False
    """Whether nothing more of it is kept."""


class Told(NamedTuple):
    """Who hears what becomes of the reading; called from its thread."""

    done: Callable[[], None]
    """Nothing more will come."""
    unread: Callable[[], None]
    """Who was to read a copy has closed its end, and there was something for him."""
    uncopied: Callable[[Uncopied], None]
    """A copy cannot be written: there is no room, or the device fails."""


class Reader(threading.Thread):
    """Reads until all pipes have ended, or after `finish` until they are empty."""

    def __init__(
        self,
        sources: Iterable[Source],
        arrivals: Arrivals,
        backlog: Backlog,
        told: Told,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the pipes, and what watches them already."""
        super().__init__(name="penholder-run-reader", daemon=True)
        self._arrivals = arrivals
        self._backlog = backlog
        self._told = told
        self._clock = clock
        # A pipe of its own to be woken by: it waits in a call that hears of nothing but
        # descriptors.
        self._wake_fd, self._finish_fd = os.pipe2(os.O_CLOEXEC)
        self._arrivals.watch(self._wake_fd)
        self._open = {source.pipe_fd: source for source in sources}

    def finish(self) -> None:
        """Stop waiting for pipes that somebody outside the command's group holds open."""
        os.write(self._finish_fd, b"x")

    def run(self) -> None:
        """Read."""
        try:
            with ExitStack() as watched:
                for source in self._open.values():
                    if source.tee_fd is not None and has_other_end(source.tee_fd):
                        gone = partial(self._note_gone, source)
                        watched.enter_context(other_end.Reader(source.tee_fd, gone))
                while self._open:
                    self._read_some()
        finally:
            self._told.done()

    def _note_gone(self, source: Source) -> None:
        """Note that nobody reads the copy, from the thread that noticed."""
        source.is_unread = True
        self._backlog.look_again()

    def _read_some(self) -> None:
        ready = self._arrivals.take(self._patience_s())
        sources = [self._open[each] for each in ready if each in self._open]
        # Taken out of all of them before any of it is cut and waits for room: what is written
        # meanwhile belongs behind it.
        chunks = [(source, self._take(source, _CHUNK_BYTES)) for source in sources]
        for source, chunk in chunks:
            self._use(source, chunk)
        self._flush_due()
        # Last in a round: what was ready beside it has been read.
        if self._wake_fd in ready:
            self._drain()

    def _patience_s(self) -> float | None:
        """Return how long what is no line yet may still wait."""
        due = [at for source in self._open.values() if (at := source.splitter.due_at) is not None]
        return max(0.0, min(due) - self._clock()) if due else None

    def _flush_due(self) -> None:
        for source in self._open.values():
            due_at = source.splitter.due_at
            is_due = due_at is not None and due_at <= self._clock()
            if is_due and not _readable_bytes(source.pipe_fd):
                self._put(source, source.splitter.flush())

    def close(self) -> None:
        """Free what it was woken by, after the thread has ended."""
        os.close(self._wake_fd)
        os.close(self._finish_fd)

    def _drain(self) -> None:
        """Read what is in the pipes now, and no more."""
        for source in list(self._open.values()):
            # Asked once: whoever goes on writing would keep this reading for ever.
            left = _most_waiting(source)
            while left > 0 and source.pipe_fd in self._open:
                chunk = self._take(source, min(left, _CHUNK_BYTES))
                self._use(source, chunk)
                if not chunk:
                    break
                left -= len(chunk)
            if source.pipe_fd in self._open:
                self._end(source)

    def _take(self, source: Source, most: int) -> bytes | None:
        chunk = read_some(source.pipe_fd, most)
        if chunk != b"":
            self._arrivals.again(source.pipe_fd)
        return chunk

    def _use(self, source: Source, chunk: bytes | None) -> None:
        if chunk is None:
            return
        if not chunk:
            self._end(source)
            return
        if source.show is not None:
            source.show(chunk)
        self._copy(source, chunk)
        used_at = self._clock()
        self._put(source, source.splitter.feed(chunk, used_at))
        held_up_s = self._clock() - used_at
        for each in self._open.values():
            # While the daemon is away nobody reads: that the pipe was silent then says nothing.
            each.splitter.postpone(held_up_s)

    def _copy(self, source: Source, chunk: bytes) -> None:
        """Copy it; what takes no more of it gets no more, and the events go on."""
        if source.tee_fd is None:
            return
        try:
            copy_all(chunk, source.tee_fd)
        except BrokenPipeError:
            source.is_unread, source.tee_fd = True, None
            self._told.unread()
        except OSError as error:
            if not is_hung_up(error, source.tee_fd):
                self._told.uncopied(Uncopied(source.stream, error))
            source.tee_fd = None

    def _end(self, source: Source) -> None:
        self._arrivals.forget(source.pipe_fd)
        del self._open[source.pipe_fd]
        self._put(source, source.splitter.end())

    def _put(self, source: Source, found: Iterable[msgspec.Raw]) -> None:
        for data in found:
            if source.is_cut:
                continue  # all is taken from the splitter, whose state goes on
            kept = self._backlog.put(
                NewEvent(type=OUTPUT, data=data), unless=lambda: source.is_unread
            )
            if not kept:
                source.is_cut = True
                self._backlog.put(event("process.unread", stream=source.stream), at_once=True)


def _most_waiting(source: Source) -> int:
    # Of a terminal the kernel does not tell all that is on its way; nothing more is seen as well.
    return _readable_bytes(source.pipe_fd) if source.show is None else BUFFERED_BYTES


def _readable_bytes(fd: int) -> int:
    answer = fcntl.ioctl(fd, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])
