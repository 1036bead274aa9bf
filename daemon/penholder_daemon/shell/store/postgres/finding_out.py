"""What became of a commit that was not answered: the server knows, and is asked.

It knows a transaction by its number. A server that has crashed gives those numbers again of which
nothing had reached its disk, and so may a standby that follows it. So what it says of a number is
believed within one life of it only (`connecting.life_of`): else that one is committed may be true
of another's transaction.
"""

from collections.abc import Callable
from time import monotonic, sleep

import psycopg

from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.store.postgres import faults

_FIND_OUT_SECONDS = 10.0
_AGAIN_SECONDS = 0.1
OF_ANOTHER_LIFE = "of another life"
"""Stands for what a server says of a number that it may have given again."""


def find_out(
    lost: psycopg.Error,
    number: int | None,
    became_of: Callable[[int], str],
    may_wait: Callable[[], bool],
) -> None:
    """Return if the transaction of this number is committed, raise StoreFault if it is not.

    `became_of` connects and asks, as long as one `may_wait`. Where nobody says so for long, the
    outcome is unknown.
    """
    until = monotonic() + _FIND_OUT_SECONDS
    told = faults.words(lost)
    while number is not None and monotonic() < until and may_wait():
        try:
            status = became_of(number)
        except StoreFault as fault:
            told = str(fault)
        except psycopg.Error as error:
            # A number of the future: this is another server than the one that gave it.
            told = faults.words(error)
            break
        else:
            if status == OF_ANOTHER_LIFE:
                told = f"{told}, and the server has crashed or is another"
                break
            if status == "committed":
                return
            if status == "aborted":
                raise StoreFault(faults.words(lost)) from lost
        # It is starting up, or has not noticed yet that nobody is there any more.
        sleep(_AGAIN_SECONDS)
    raise StoreFault(told, outcome_unknown=True) from lost
