"""What must always hold of all tables, looked for in a database that may be damaged.

The rules that hold from row to row are kept by the code that writes them, not by SQLite, which can
state few of them. A disk, a hand with another program or a mistake of ours may break one unseen,
and what follows is then seen far from its cause. So each rule is also a query for what breaks it:
for people who ask (`daemon.verify`), and before what an import or a restore made is kept.

Rooms add the rules of their own tables (`Room.check`). A rule names what it finds in words, so that
somebody can look for it, and its finder changes nothing.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from penholder_daemon.core import kept_answers, places
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx
from penholder_protocol.nouns import Finding

_MOST_OF_A_CHECK = 100
"""A damaged table may break an invariant in every row; the first of them say enough."""


def _told(number: str) -> str:
    """Say in SQL how a number is told that may be missing."""
    return f"COALESCE(CAST({number} AS TEXT), 'none')"


_CHECKS = {
    "streams_without_gap": (
        "SELECT s.name || ' holds ' || COUNT(j.pos) || ' entries up to ' || s.last_seq"
        " || ', pruned up to ' || s.pruned_seq FROM streams s"
        f" LEFT JOIN {places.ALL} j ON j.stream_id = s.stream_id GROUP BY s.stream_id"
        " HAVING COUNT(j.pos) <> s.last_seq - s.pruned_seq"
        " OR MIN(j.seq) <> s.pruned_seq + 1 OR MAX(j.seq) <> s.last_seq"
    ),
    "streams_in_order": (
        "SELECT s.name || ' has its entry ' || j.seq || ' behind a newer one' FROM journal j"
        " JOIN streams s ON s.stream_id = j.stream_id"
        f" WHERE {places.of('j.stream_id', 'j.seq + 1')} < j.pos"
    ),
    "places_are_noted": (
        "SELECT 'entry ' || p.seq || ' of stream ' || p.stream_id || ' is noted at ' || p.pos"
        " || ', and is not there' FROM journal_places p LEFT JOIN journal j"
        " ON j.pos = p.pos AND j.stream_id = p.stream_id AND j.seq = p.seq WHERE j.pos IS NULL"
        " UNION ALL SELECT 'the entry at ' || j.pos || ' is not noted as that of its stream'"
        " FROM journal j LEFT JOIN journal_places p ON p.stream_id = j.stream_id AND p.seq = j.seq"
        f" WHERE NOT j.{places.LATE} AND p.pos IS DISTINCT FROM j.pos"
        " UNION ALL SELECT 'it is not known up to where entries are noted'"
        " WHERE NOT EXISTS (SELECT 1 FROM journal_placed)"
    ),
    "newest_entries_are_noted": (
        f"SELECT s.name || ' has noted ' || {_told('s.output_seq')} || ' as its newest output and '"
        f" || {_told('s.summary_seq')} || ' as its newest summary, and holds '"
        f" || {_told('n.output')} || ' and ' || {_told('n.summary')} FROM streams s"
        " LEFT JOIN (SELECT stream_id, MAX(seq) FILTER (WHERE type = 'output') AS output,"
        " MAX(seq) FILTER (WHERE type = 'summary') AS summary FROM journal GROUP BY stream_id) n"
        " ON n.stream_id = s.stream_id"
        " WHERE CASE WHEN s.output_seq > s.pruned_seq THEN s.output_seq END"
        " IS DISTINCT FROM n.output"
        " OR CASE WHEN s.summary_seq > s.pruned_seq THEN s.summary_seq END"
        " IS DISTINCT FROM n.summary"
    ),
    "seats_within_epochs": (
        "SELECT 'the seat of ' || worker_id || ' has epoch ' || seats.epoch FROM seats"
        " LEFT JOIN fences f ON f.subject = 'worker:' || worker_id"
        " WHERE f.epoch IS NULL OR seats.epoch > f.epoch"
    ),
    "entries_of_this_history": (
        "SELECT 'the entry at ' || j.pos || ' is of a history that ended at ' || b.ended_pos"
        " FROM history_breaks b JOIN journal j ON j.pos > b.ended_pos AND j.pos <= b.resumed_after"
    ),
    "leases_of_known_subjects": (
        "SELECT 'a lease of ' || subject || ', which nobody ever held' FROM leases"
        " WHERE subject NOT IN (SELECT subject FROM fences)"
    ),
}


def findings(rx: Rx, rooms: Iterable[Room], *, deep: bool) -> Iterator[Finding]:
    """Yield what is wrong with the file, its references, the core's invariants and the rooms'."""
    for check, detail in rx.store.damage(deep=deep):
        yield Finding(check=check, detail=detail)
    yield from query(rx, _CHECKS | kept_answers.CHECKS)
    for room in rooms:
        for check_of_room in room.checks:
            yield from check_of_room(rx)


def mirrors(rx: Rx) -> Iterator[Finding]:
    """Yield where what the writer holds in memory is not what is stored; only it can tell."""
    for detail in islice(rx.store.differences(), _MOST_OF_A_CHECK):
        yield Finding(check="mirrors", detail=detail)


def query(rx: Rx, checks: dict[str, str]) -> Iterator[Finding]:
    """Yield a finding for each row of each named query; the row says what is wrong."""
    for name, sql in checks.items():
        for row in rx.store.rows(f"{sql} LIMIT {_MOST_OF_A_CHECK}"):
            yield Finding(check=name, detail=str(row[0]))
