"""What PostgreSQL's errors say: which are faults of the store, and which are mistakes of ours."""

from typing import NoReturn

import psycopg

from penholder_daemon.core.store import StoreBusy, StoreFault

_LOCKED = "55P03"
_NO_RIGHT = "42501"
_OF_THE_SESSION = (
    "0A000",  # a plan that does not fit any more what it was made for
    "26000",  # a statement that was prepared, and is not there any more
)
_FAULTS = (
    *_OF_THE_SESSION,
    "08",  # the connection
    "25006",  # a server that only reads, such as a standby
    "25P03",  # a transaction that was idle for too long
    "28",  # who may connect
    "3F000",  # a schema that is not there
    "40",  # a transaction that was taken back
    _NO_RIGHT,  # what the role may do
    "42883",  # a function that is not there any more: ours are made before anything else is done
    "42P01",  # the same of a table
    "53",  # no room, no memory, no connection left
    "55000",
    "57",  # a server that stops or starts, a statement that was ended
    "58",  # its disk
    "XX",  # damage
)
_BY_A_LOCK = "another session holds a lock that this waited for"
_A_SERVER = "connection to server"
_AN_OPTION = "for connection option"
_OURS = (psycopg.ProgrammingError, psycopg.NotSupportedError)
_BEFORE_IT_IS_SENT = (psycopg.DataError, *_OURS)


def refuse(error: psycopg.Error) -> NoReturn:
    """Tell faults of the database from mistakes of ours (constraints, SQL)."""
    told = words(error)
    if error.sqlstate == _LOCKED:
        raise StoreBusy(told) from error
    if is_fault(error):
        raise StoreFault(told) from error
    raise error


def is_fault(error: psycopg.Error) -> bool:
    """Tell whether an error is the database's: it says nothing about the statement."""
    if error.sqlstate is None:
        # Without a code it comes from this side: the connection is lost or in disorder, or a text
        # holds U+0000, which no text of PostgreSQL can.
        return not isinstance(error, _OURS)
    return error.sqlstate.startswith(_FAULTS)


def may_pass(error: psycopg.Error) -> bool:
    """Tell whether what cannot be done now can be later, with nothing done about it here."""
    # What the role may not do it may do only once somebody has said so.
    return error.sqlstate == _LOCKED or (is_fault(error) and error.sqlstate != _NO_RIGHT)


def is_of_the_line(error: psycopg.Error) -> bool:
    """Tell whether nobody knows any more what was done: not the server has told it in its words."""
    return error.sqlstate is None and not isinstance(error, _BEFORE_IT_IS_SENT)


def is_of_the_session(error: psycopg.Error) -> bool:
    """Tell whether another session would not meet it: this one has planned for what is altered."""
    return error.sqlstate in _OF_THE_SESSION


def is_of_the_settings(error: psycopg.Error) -> bool:
    """Tell whether no server was tried, since what is to be connected to is no URL of one."""
    told = str(error)
    if isinstance(error, psycopg.ProgrammingError):
        return error.sqlstate is None
    is_before_any = told.startswith("connection is bad: ") and _A_SERVER not in told
    return error.sqlstate is None and (is_before_any or _AN_OPTION in told)


def words(error: psycopg.Error) -> str:
    """Return PostgreSQL's own words in one line, and what they mean where they do not say it."""
    told = " ".join(str(error).split()) or type(error).__name__
    return f"{_BY_A_LOCK}: {told}" if error.sqlstate == _LOCKED else told
