"""Statements that are sent together and answered together: one trip to the server.

A batch is two trips: one that takes the pen, one that writes and commits. What a trip costs this
process counts as much as what it costs the server, since all daemons share its processors only
where they are on one machine, and each has one interpreter. psycopg makes cursors, adapters and a
queue of results of each statement, 25 µs of processor time for a row; libpq itself, which psycopg
hands out (`psycopg.pq`), takes a fifth of that. So what goes in trips goes by libpq's own calls,
and everything else by cursors.

Values go as texts of whatever type the server finds for their place, but for bytes. A statement is
prepared once for each session, in the trip that first needs it.

What the server refuses is raised when all is answered, so that the session is in order again:
whatever stood behind it in the trip was not carried out. Where the session is lost amid a trip,
`answers` still tells how far it came.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import psycopg
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

from penholder_daemon.core.store import Row, SqlValue
from penholder_daemon.shell.store.postgres.at_once import arrays, at_once, encoded
from penholder_daemon.shell.store.postgres.connection import Connection

_Send: TypeAlias = Callable[[PGconn], None]
_REFUSED = ExecStatus.FATAL_ERROR
_LEFT_OUT = ExecStatus.PIPELINE_ABORTED
_MANY = 4
"""As many rows as are worth the work of telling them all at once."""
_LOST = "the server closed the connection unexpectedly"


class Trip:
    """Statements to be sent together, in this order."""

    def __init__(self, connection: Connection) -> None:
        """Begin with none."""
        self._connection = connection
        self._sends: list[_Send] = []
        self._preparing: dict[int, tuple[str, bytes]] = {}
        """What is prepared on the way, by its place among all that is sent."""
        self._describing: dict[int, str] = {}
        """The same of what is asked after."""
        self._names: dict[str, bytes] = {}
        self.answers: list[PGresult] = []
        """What the server has answered so far, of all that it was to do."""

    def add(self, text: str) -> None:
        """Add a statement without values, which answers nothing."""
        sent = text.encode()
        self._sends.append(lambda connection: connection.send_query_params(sent, None))

    def add_each(self, text: str, rows: Iterable[Row]) -> None:
        """Add one that is run with each row of values."""
        name = self._name_of(text)
        for row in rows:
            self._sends.append(_sending(name, row))

    def add_all(self, text: str, rows: Sequence[Row]) -> None:
        """Add one that is run with each row, all at once where that is less work.

        No two of them may change the same row of a table.
        """
        types = self._connection.trip_types.get(text)
        if len(rows) < _MANY:
            self.add_each(text, rows)
        elif types is None:
            self.add_each(text, rows)
            self._describe(text)
        elif (whole := at_once(text, types)) is None:
            self.add_each(text, rows)
        else:
            name, values = self._name_of(whole), arrays(rows, types)
            formats = [Format.BINARY] * len(values)
            self._sends.append(lambda to: to.send_query_prepared(name, values, formats))

    def _describe(self, text: str) -> None:
        name = self._name_of(text)
        self._describing[len(self._sends)] = text
        self._sends.append(lambda connection: connection.send_describe_prepared(name))

    def _name_of(self, text: str) -> bytes:
        return self._connection.trip_names.get(text) or self._names.get(text) or self._prepare(text)

    def _prepare(self, text: str) -> bytes:
        name = self._names[text] = self._connection.new_trip_name()
        self._preparing[len(self._sends)] = text, name
        sent = text.encode()
        self._sends.append(lambda connection: connection.send_prepare(name, sent))
        return name

    def go(self) -> None:
        """Send all, and wait until all is answered; raises psycopg.Error for what was refused."""
        refused = self._connection.wait(self._go(self._connection.pgconn))
        if refused is not None:
            raise error_from_result(refused, encoding="utf-8")

    def _go(self, connection: PGconn) -> PQGen[PGresult | None]:
        connection.enter_pipeline_mode()
        for send in self._sends:
            send(connection)
        connection.pipeline_sync()
        # What the server says meanwhile is taken in, or neither would go on.
        while connection.flush():
            if (yield Wait.RW) & Ready.R:
                connection.consume_input()
        refused = yield from self._take_answers(connection)
        connection.exit_pipeline_mode()
        self._connection.take_notices()
        return refused

    def _take_answers(self, connection: PGconn) -> PQGen[PGresult | None]:
        refused: PGresult | None = None
        place = 0
        while True:
            if connection.is_busy():
                yield Wait.R
                connection.consume_input()
                continue
            answer = connection.get_result()
            if answer is None:
                # Between what belongs to two statements, or where nothing will ever come.
                if connection.status == ConnStatus.BAD:
                    raise psycopg.OperationalError(_LOST)
                continue
            if answer.status == ExecStatus.PIPELINE_SYNC:
                return refused
            if answer.status == _REFUSED:
                refused = refused or answer
            elif answer.status != _LEFT_OUT:
                self._note(place, answer)
            place += 1

    def _note(self, place: int, answer: PGresult) -> None:
        if place in self._preparing:
            text, name = self._preparing[place]
            self._connection.trip_names[text] = name
        elif place in self._describing:
            types = tuple(map(answer.param_type, range(answer.nparams)))
            self._connection.trip_types[self._describing[place]] = types
        else:
            self.answers.append(answer)

    @property
    def has_committed(self) -> bool:
        """Whether the server has said so."""
        return any(answer.command_status == b"COMMIT" for answer in self.answers)

    @property
    def changed_rows(self) -> int:
        """How many rows were changed."""
        return sum(answer.command_tuples or 0 for answer in self.answers)

    def rows(self, place: int) -> list[Row]:
        """Return what one of the answers holds."""
        answer = self.answers[place]
        reading = Transformer(self._connection)
        reading.set_pgresult(answer)
        return reading.load_rows(0, answer.ntuples, tuple)


def _sending(name: bytes, row: Row) -> _Send:
    values, formats = _sent(row)
    return lambda connection: connection.send_query_prepared(name, values, formats)


def _sent(row: Row) -> tuple[list[bytes | None], Sequence[int] | None]:
    """Return values as they are sent, and their formats where one is not a text."""
    values = [_value(each) for each in row]
    if not any(isinstance(each, bytes) for each in row):
        return values, None
    return values, [Format.BINARY if isinstance(each, bytes) else Format.TEXT for each in row]


def _value(value: SqlValue) -> bytes | None:
    if isinstance(value, str):
        # A text of C's would end at a NUL.
        return encoded(value)
    if value is None or isinstance(value, bytes):
        return value
    # A boolean is 1 or 0, as in every other place.
    return b"%d" % value if isinstance(value, int) else repr(value).encode()
