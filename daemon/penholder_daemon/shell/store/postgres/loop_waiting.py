"""Waiting for the server in the loop, which goes on meanwhile.

A batch is plain calls of functions, from the committer through a room down to libpq. On a thread it
may just wait; but then the thread and the loop take the interpreter from each other at each trip,
which costs more than what they do. In the loop it must not wait. To make all of it `async`, and a
second time plain for SQLite, would be two of everything.

So a batch in the loop is a greenlet: where libpq would wait, its whole stack stands still, the loop
goes on, and the hub goes on with it when the socket is ready. SQLAlchemy does the same for asyncio.
Nothing else in the daemon knows: whoever is not in such a batch waits as ever.

What cannot stand still (a name that is looked up, a connection that is made, a pause) is done on a
thread, for which the batch stands still as well.
"""

import select
from collections.abc import Callable
from typing import TypeVar

import trio
from greenlet import getcurrent, greenlet
from outcome import Outcome
from psycopg.abc import PQGen
from psycopg.waiting import Wait

from penholder_daemon.shell.store.writer_ports import Hub

T = TypeVar("T")


class LoopHand(greenlet):
    """Carries out one batch after another, and stands still where one would wait."""

    def __init__(self) -> None:
        """Begin in the loop's own thread, with nothing to do."""
        super().__init__()
        self._loop = getcurrent()

    def do(self, act: Callable[[], None], hub: Hub) -> None:
        """Begin a batch; it may stand still when this returns, and is gone on with by the hub."""
        self._hub = hub
        self.switch(act)

    def run(self, act: Callable[[], None]) -> None:
        """Carry out what is given, for ever: one made anew would have a stack made, too."""
        while True:
            act()
            act = self._loop.switch()

    def follow(self, steps: PQGen[T], fd: int) -> T:
        """Go through what libpq has to do, and wait for its socket in between."""
        try:
            wanted = next(steps)
            while True:
                self.wait_for(fd, wanted)
                # It finds out by itself for which of the two; neither call waits.
                wanted = steps.send(wanted)
        except StopIteration as end:
            result: T = end.value
            return result

    def wait_for(self, fd: int, wanted: Wait) -> None:
        """Stand still until a socket is ready, or it looks so."""
        events = (select.EPOLLIN if wanted & Wait.R else 0) | (
            select.EPOLLOUT if wanted & Wait.W else 0
        )
        if self._hub.when_ready(fd, events, self.switch):
            self._loop.switch()
        else:
            # The loop is about to end, and waits for this batch.
            with select.epoll() as poll:
                poll.register(fd, events)
                poll.poll()

    def on_thread(self, act: Callable[[], T]) -> T:
        """Do something that may take long on a thread."""
        token = trio.lowlevel.current_trio_token()

        def done(outcome: Outcome[T]) -> None:
            token.run_sync_soon(self.switch, outcome)

        trio.lowlevel.start_thread_soon(act, done)
        outcome: Outcome[T] = self._loop.switch()
        return outcome.unwrap()


def on_thread(act: Callable[[], T]) -> T:
    """Do something that may take long, on a thread where this is a batch in the loop."""
    hand = hand_in_loop()
    return act() if hand is None else hand.on_thread(act)


def hand_in_loop() -> LoopHand | None:
    """Return the hand whose batch this is, where it is one in the loop."""
    current = getcurrent()
    return current if isinstance(current, LoopHand) else None
