"""What must not be shared with a child process, and is made anew in it.

Two processes that read one connection take each other's answers, and two that count on give their
requests the same ids. A lock that another thread of the parent held stays held in the child for
ever, as that thread does not live there. None of that can be seen from outside: the child has the
same objects, which look whole.

So what must be renewed says so (`register`), and the interpreter calls it in the child before the
fork returns there. It is known weakly: a client that nobody uses any more must not live on for a
fork that never comes.
"""

import os
from typing import Protocol
from weakref import WeakSet


class _Renewed(Protocol):
    def renew_after_fork(self) -> None: ...


_all: "WeakSet[_Renewed]" = WeakSet()


def register(thing: _Renewed) -> None:
    """Have a thing told when it finds itself in a child process."""
    _all.add(thing)


def _renew() -> None:
    for thing in list(_all):
        thing.renew_after_fork()


os.register_at_fork(after_in_child=_renew)
