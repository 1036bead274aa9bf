"""The runner's side of its guard: starting it, telling it the group, letting it go.

The guard hears two things over a socket that is its stdin: from the command its group, and from the
runner that the group has ended. The first comes from the command's own process, just before it
becomes its program (`first_steps`): were it told by the runner after the start, a kill in between
would leave a command that nobody guards.

It is let go with a word, not by closing the socket. A closed socket is what a runner that was
killed leaves, too.

A guard that is itself killed is replaced, which a thread waits for. The new one is told the group
before it is started, since the runner may be gone before it could say anything.
"""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

from penholder.cli.run import guard
from penholder.cli.run.apart import program
from penholder.cli.run.group import Group, own_scope
from penholder_protocol.limits import KILL_AFTER_MS

_PROGRAM = program("penholder.cli.run.guard")
_REPLACEMENTS = 3
"""So many at most: where no guard lives, another one will not either."""
_LAST_WAIT_S = 5.0


class Guard:
    """The guard of one command, from before its start until after its end."""

    def __init__(
        self,
        kill_after_s: float,
        marks: Sequence[str],
        control: str,
        tell: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        """Start it; raises OSError where it cannot be.

        `marks` is what the command's environment has and no other's; `tell` appends an event by the
        socket `control`, and `environment` is what it needs for that.
        """
        # Nobody is there to be patient any more: not longer than the daemon is with a process.
        self._patience_s = min(kill_after_s, KILL_AFTER_MS / 1000)
        self._scope = own_scope()
        self._marks = list(marks)
        self._control = control
        self._tell = list(tell)
        self._environment = dict(environment)
        # Whoever lets it go must not meet a guard that is being replaced: it would live on.
        self._changing = threading.Lock()
        self._is_over = False
        self._process, self._socket = self._start()

    @property
    def pid(self) -> int:
        """Its pid."""
        return self._process.pid

    @property
    def descriptor(self) -> int:
        """Where a new process makes its group known, before it is another program."""
        return self._socket.fileno()

    def keep(self, group: Group) -> None:
        """Have another one take its place if it is killed; from a thread of its own."""
        threading.Thread(target=self._replace, args=(group,), daemon=True).start()

    def release(self) -> None:
        """Let it go: the group has ended. Waits for its end."""
        with self._changing:
            self._is_over = True
            self._say(guard.DONE)
            self._socket.close()
        # It ends by itself; who waits for more than a moment would hold up the exit code for
        # nothing.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_WAIT_S)

    def _start(self, words: bytes = b"") -> tuple[subprocess.Popen[bytes], socket.socket]:
        """Start a guard; what is said to it first is there before it is."""
        own_end, its_end = socket.socketpair()
        own_end.send(words)
        # Of this very process, and inherited: by its pid the guard could watch another one.
        pidfd = os.pidfd_open(os.getpid())
        orders = guard.Orders(
            runner=pidfd,
            runner_pid=os.getpid(),
            patience_s=self._patience_s,
            scope=None if self._scope is None else str(self._scope),
            marks=self._marks,
            control=self._control,
            tell=self._tell,
        )
        argv = [*_PROGRAM, json.dumps(orders._asdict())]
        try:
            process = subprocess.Popen(
                argv,
                stdin=its_end.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(pidfd,),
                env=self._environment,
                cwd="/",
                start_new_session=True,
            )
        except BaseException:
            own_end.close()
            raise
        finally:
            # Here it is not needed; left open, a guard that is gone would go unnoticed by who
            # speaks to it.
            its_end.close()
            os.close(pidfd)
        return process, own_end

    def _say(self, words: bytes) -> None:
        with suppress(OSError):
            self._socket.send(words, socket.MSG_NOSIGNAL)

    def _replace(self, group: Group) -> None:
        for _ in range(_REPLACEMENTS):
            self._process.wait()
            with self._changing:
                if self._is_over:
                    return
                self._socket.close()
                with suppress(OSError):
                    self._process, self._socket = self._start(guard.words_of(group))
