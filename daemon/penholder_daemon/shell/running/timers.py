"""What falls due by itself: the daemon's own mutations, run at the start and when they asked to.

Expiry, retention and deadlines are mutations as any other, and go through the same queue. Each
answers when it wants to be run next, so nobody asks the database again and again whether something
is due. What a call makes due sooner is told by an effect (`wake_at`).

Due times are of CLOCK_BOOTTIME, which goes on while the machine is suspended. A sleep does not: one
of an hour that a suspend of an hour interrupts ends an hour late. So nobody sleeps for longer than
a minute, and then looks at the clock again.

Where other hosts share the store, each of them has timers of its own, and none is told what another
has made due. One that is gone tells nobody. So all of them are due every five seconds there.

At a start all of them are due: something fell due while the daemon was down. One that is refused,
by a full queue or by the disk, is tried again a second later, since nobody else would do it.
"""

from collections.abc import Callable

import msgspec
import trio

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.commit import Answer
from penholder_daemon.core.method import Method
from penholder_daemon.core.own_calls import daemon_call
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.world import World
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_protocol.errors import PenholderError

_NEVER_MS = 1 << 62
_RETRY_MS = 1000
_LONGEST_SLEEP_SECONDS = 60.0
_OTHERS_MS = 5000
Submit = Callable[[WriteJob], None]


class Timers:
    """Runs every `timer` mutation when it is due, by CLOCK_BOOTTIME.

    A sleep does not count the time of a suspend, so it is never a long one.
    """

    def __init__(
        self,
        registry: Registry,
        world: World,
        caller: Caller,
        submit: Submit,
        *,
        is_shared: bool = False,
    ) -> None:
        """Have every timer due at once, for what fell due while the daemon was down.

        `is_shared`: whether other hosts may make something due.
        """
        self._world = world
        self._caller = caller
        self._submit = submit
        self._is_shared = is_shared
        self._due_ms = {m.name: 0 for m in registry.methods.values() if m.timer}
        self._timers = [m for m in registry.methods.values() if m.timer]
        self._running: set[str] = set()
        self._sooner = trio.Event()

    def wake_at(self, boottime_ms: int) -> None:
        """Look at that time at the latest."""
        # For all of them: whose time it is, the effect does not say.
        for name in self._due_ms:
            self._due_ms[name] = min(self._due_ms[name], boottime_ms)
        self._sooner.set()

    async def run(self) -> None:
        """Submit what is due, for ever."""
        while True:
            self._sooner = trio.Event()
            now_ms = self._world.boottime_ms()
            for method in self._timers:
                if self._due_ms[method.name] <= now_ms and method.name not in self._running:
                    self._start(method)
            with trio.move_on_after(self._seconds_left(now_ms)):
                await self._sooner.wait()

    def _seconds_left(self, now_ms: int) -> float:
        # One that runs wakes this itself when it is done; until then its time would spin the loop.
        idle = [due for name, due in self._due_ms.items() if name not in self._running]
        left = (min(idle) - now_ms) / 1000 if idle else _LONGEST_SLEEP_SECONDS
        return min(max(left, 0.0), _LONGEST_SLEEP_SECONDS)

    def _start(self, method: Method) -> None:
        def done(answer: Answer) -> None:
            self._running.discard(method.name)
            asked = self._next(answer)
            # What was told while it ran stands here, and may be sooner than what it asked for
            # itself.
            self._due_ms[method.name] = min(asked, self._due_ms[method.name])
            self._sooner.set()

        self._running.add(method.name)
        # Before it is submitted, so that whatever is told from now on is kept for after it.
        self._due_ms[method.name] = _NEVER_MS
        try:
            self._submit(WriteJob(daemon_call(method, self._caller, {}), done))
        except PenholderError as busy:
            done(busy)

    def _next(self, answer: Answer) -> int:
        if isinstance(answer, PenholderError):
            return self._world.boottime_ms() + _RETRY_MS
        asked_ms = msgspec.json.decode(answer, type=int | None)
        due_ms = _NEVER_MS if asked_ms is None else asked_ms
        return min(due_ms, self._world.boottime_ms() + _OTHERS_MS) if self._is_shared else due_ms
