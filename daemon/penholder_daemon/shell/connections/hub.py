"""What peers send, read in one task for all of them.

A task for each connection that waits for its socket costs, for each message, two calls of epoll, a
switch of tasks through every frame that waits, and an iteration of the loop. Most messages need no
task: they are parsed, checked and handed over, and whoever carries them out answers later. So one
task waits for all sockets at once (an epoll of our own, which trio sees as one descriptor), and in
its turn reads each that has something. Only what has to wait (for room, for others' turn, for a
large frame) goes to the connection's own task, which sleeps in `Transport.receive` until then.

It is also what makes batches large: all that came in one turn is handed to the writer together
(`soon`), and the writer looks for late comers here (`read`) before it commits: whoever was answered
just now has sent its next call by then, and shares the sync.

A turn is bounded: so many sockets, one read of each, only so long, and of what follows from that
(`soon`) what is added by itself only so often; the rest comes at the loop's next turn. After a few
turns everybody else has one. Where there is not time for all, who was read last comes last: who
asks little does not wait for those who always have something.
Level-triggered, so what was left is found again. A descriptor that nobody waits for at the moment
is found once and taken out, until its task waits again.
"""

import select
from collections.abc import Callable
from time import perf_counter

import structlog
import trio
from outcome import Error, Outcome, Value

from penholder_daemon.shell.fairness.turns import Turns

log = structlog.get_logger()

_MOST_A_TURN = 1024
_TURNS_IN_A_ROW = 4
_TURN_SECONDS = 0.004
"""How long a turn goes on reading; what follows from it has bounds of its own."""
_READ_SECONDS = 0.002
"""The same within a batch, which looks for what has come meanwhile."""
_ROUNDS_A_TURN = 2
"""How often what was done has more done in the same turn."""

Ready = Callable[[], bool]
"""Reads what has come; returns whether its task is to go on. What it raises is raised there."""


class Hub:
    """Waits for all connections; everything in it happens in the loop."""

    def __init__(self, flush: Callable[[], None]) -> None:
        """Have `flush` send what was answered, at the end of each turn."""
        self._flush = flush
        self.turns = Turns()
        """Told how many sockets have something, before any of them is read."""
        self._epoll = select.epoll()
        self._registered: set[int] = set()
        self._waiting: dict[int, tuple[trio.lowlevel.Task, Ready]] = {}
        self._read_at: dict[int, float] = {}
        """When each that is registered was read last."""
        self._was_short = False
        """Whether the last time there was not time for all."""
        self._awaited: dict[int, Callable[[], object]] = {}
        """Of descriptors that are no peer's: what is done once when they are ready."""
        self._after: list[Callable[[], object]] = []
        self._is_in_turn = False
        self._token = trio.lowlevel.current_trio_token()

    async def run(self) -> None:
        """Read for ever."""
        try:
            with self._epoll:
                while True:
                    await trio.lowlevel.wait_readable(self._epoll.fileno())
                    for _ in range(_TURNS_IN_A_ROW):
                        if not self._turn():
                            break
        finally:
            # Who is told too soon waits once more, and by himself: it is closed.
            for act in [self._awaited.pop(fd) for fd in tuple(self._awaited)]:
                act()

    async def wait(self, fd: int, ready: Ready) -> None:
        """Have a function called whenever a socket has something, until it says that it is over."""
        if fd not in self._registered and not self._epoll.closed:
            self._epoll.register(fd, select.EPOLLIN)
            self._registered.add(fd)
        self._waiting[fd] = trio.lowlevel.current_task(), ready

        def abort(_raise_cancel: object) -> trio.lowlevel.Abort:
            del self._waiting[fd]
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)

    def when_ready(self, fd: int, events: int, act: Callable[[], object]) -> bool:
        """Have something done once when a descriptor is ready; False where nobody reads any more.

        It is done when all that came in the turn is read, or somewhat too soon.
        """
        if self._epoll.closed:
            return False
        self._awaited[fd] = act
        try:
            self._epoll.modify(fd, events | select.EPOLLONESHOT)
        except FileNotFoundError:
            # The first time; or it was closed meanwhile, and has the number of another.
            self._epoll.register(fd, events | select.EPOLLONESHOT)
        return True

    def leave(self, fd: int, why: Exception) -> None:
        """A descriptor is about to be closed: who waits for it is told why."""
        self._take_out(fd)
        waiting = self._waiting.pop(fd, None)
        if waiting is not None:
            trio.lowlevel.reschedule(waiting[0], Error(why))

    def _take_out(self, fd: int) -> None:
        # Before it is closed, since its number may be another socket's afterwards.
        if fd in self._registered:
            self._registered.discard(fd)
            self._read_at.pop(fd, None)
            # A daemon that fails ends all its tasks at once: this one may be the first.
            if not self._epoll.closed:
                self._epoll.unregister(fd)

    def soon(self, act: Callable[[], object]) -> None:
        """Have something done when all that came in this turn is read; outside of one, next."""
        self._after.append(act)
        if not self._is_in_turn:
            self._come_again()

    def _come_again(self) -> None:
        self._token.run_sync_soon(self._do_what_follows, idempotent=True)

    def _turn(self) -> bool:
        """Read and do what follows; False if others are to have their turn."""
        self._is_in_turn = True
        until = perf_counter() + _TURN_SECONDS
        found = self.read(_TURN_SECONDS)
        self._do_what_follows()
        return found and not self._after and perf_counter() < until

    def _do_what_follows(self) -> None:
        self._is_in_turn = True
        for _ in range(_ROUNDS_A_TURN):
            after, self._after = self._after, []
            for act in after:
                act()
        self._flush()
        self._is_in_turn = False
        if self._after:
            self._come_again()

    def read(self, seconds: float = _READ_SECONDS) -> bool:
        """Read each socket that has something, for so long; False if none has."""
        if self._epoll.closed:
            return False
        found = self._epoll.poll(0, _MOST_A_TURN)
        self.turns.note_ready(len(found))
        if self._was_short:
            found.sort(key=lambda each: self._read_at.get(each[0], 0.0))
            self._was_short = False
        now = perf_counter()
        until = now + seconds
        for fd, _ in found:
            waiting = self._waiting.get(fd)
            if waiting is None:
                self._meet(fd)
            elif now < until:
                self._read_at[fd] = now
                self._have_read(fd, *waiting)
                now = perf_counter()
            else:
                self._was_short = True
        return bool(found)

    def _meet(self, fd: int) -> None:
        """See to a descriptor for which no peer's task waits."""
        act = self._awaited.pop(fd, None)
        if act is None:
            self._take_out(fd)
        else:
            self.soon(act)

    def _have_read(self, fd: int, task: trio.lowlevel.Task, ready: Ready) -> None:
        try:
            if not ready():
                return
            outcome: Outcome[None] = Value(None)
        except Exception as error:  # noqa: BLE001 - it is raised in the task whose socket it is
            outcome = Error(error)
        # Not there any more if what it did has ended its own connection.
        if self._waiting.pop(fd, None) is not None:
            trio.lowlevel.reschedule(task, outcome)
        # Its traceback leads to this frame, and this frame to it: a circle that keeps all that is
        # on the way, a megabyte of a peer's, until a collection of garbage.
        del outcome
