"""The newest entries of a stream, found without a search: the last of all, and of some types.

Who lists a thousand workers asks of each what it printed last. That entry may lie behind ten
thousand of other types, so a search for it has no bound; and an index of entries by type would be
paid for at every append. But with every append the row of its stream is written anyway, to count
it. So it is noted there as well, for the types that are asked for: output and summary.

It is a note of where an entry was added. Retention may have taken that since; then there is none.
"""

from collections.abc import Iterable

import msgspec

from penholder_daemon.core import places
from penholder_daemon.core.store import Row, SqlValue
from penholder_protocol.limits import MAX_LAST_DATA_BYTES
from penholder_protocol.nouns import LastEvent

COUNT = (
    "UPDATE streams SET last_seq = ?, output_seq = COALESCE(?, output_seq),"
    " summary_seq = COALESCE(?, summary_seq) WHERE stream_id = ?"
)
"""Writes how far a stream is counted, and which entries are its newest; values are of `counts`."""
OUTPUT = "output"
SUMMARY = "summary"
COLUMNS = (
    f"last.type, last.ts, CASE WHEN octet_length(last.data) <= {MAX_LAST_DATA_BYTES}"
    " THEN last.data END, output.ts, output.data, summary.data"
)
WIDTH = 6
"""How many columns these are."""
JOINS = "".join(
    # What is gone is not looked for.
    f" LEFT JOIN journal {name} ON {name}.pos = CASE WHEN s.{name}_seq > s.pruned_seq"
    f" THEN {places.of('s.stream_id', f's.{name}_seq')} END"
    for name in ("last", "output", "summary")
)
"""What a statement about `streams s` adds for `read`. One about all of them is seven times as fast
as one for each."""


class Newest(msgspec.Struct, frozen=True):
    """What a stream still holds of its newest entries; data is JSON text."""

    event: LastEvent | None = None
    event_data: str | None = None
    """Where it is small."""
    output_ts: str | None = None
    output_data: str | None = None
    summary_data: str | None = None


def counts(added: Iterable[tuple[SqlValue, SqlValue, SqlValue]]) -> list[Row]:
    """Return the values of `COUNT` for entries, each as stream, number and type, in their order."""
    last: dict[SqlValue, SqlValue] = {}
    outputs: dict[SqlValue, SqlValue] = {}
    summaries: dict[SqlValue, SqlValue] = {}
    for stream_id, seq, type_ in added:
        last[stream_id] = seq
        if type_ == OUTPUT:
            outputs[stream_id] = seq
        elif type_ == SUMMARY:
            summaries[stream_id] = seq
    return [(seq, outputs.get(at), summaries.get(at), at) for at, seq in last.items()]


def read(row: Row) -> Newest:
    """Make of `COLUMNS` what a stream still holds of its newest entries."""
    type_, ts, data, output_ts, output_data, summary_data = (
        None if value is None else str(value) for value in row
    )
    event = None if type_ is None or ts is None else LastEvent(type=type_, ts=ts)
    return Newest(event, data, output_ts, output_data, summary_data)
