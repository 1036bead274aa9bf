"""Tables for people, drawn by rich; imported only when one is drawn."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from penholder.cli.terminal.text import Record, plain

_COLUMNS = {
    "Worker": ("worker_id", "controller_id", "label", "state", "runtime_pid", "last_error"),
    "Event": ("event_seq", "ts", "type", "turn_id", "data"),
    "Entry": ("pos", "ts", "stream", "seq", "type", "data"),
    "Approval": ("request_id", "worker_id", "state", "kind", "message", "decision"),
    "BriefNode": ("level", "brief_id", "parent_brief_id", "tier", "role", "state"),
    "Handoff": ("snapshot_id", "worker_id", "handoff_path", "checkpoint_path", "created_at"),
}
"""What a list shows of records that are too wide for a terminal; a single record shows all."""
_UNBROKEN_CHARACTERS = 26
"""Times and ids stay on one line; what is longer is folded."""


def print_record(record: Record) -> None:
    """Print one record, a field a line."""
    grid = Table(box=None, show_header=False, pad_edge=False)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in record.items():
        grid.add_row(name, Text(plain(value)))
    Console().print(grid)


def print_list(items: Sequence[Record], kind: str) -> None:
    """Print records as a table, or that there are none."""
    if not items:
        print("none")
        return
    columns = _COLUMNS.get(kind) or _filled(items)
    rows = [[plain(item.get(name)) for name in columns] for item in items]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for index, name in enumerate(columns):
        widest = max(len(row[index]) for row in rows)
        is_short = widest <= _UNBROKEN_CHARACTERS
        # What has to be cut is marked: it must not look whole.
        table.add_column(name, overflow="ellipsis" if is_short else "fold", no_wrap=is_short)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _filled(items: Sequence[Record]) -> list[str]:
    """Name the fields that say something in any of the records."""
    names = dict.fromkeys(name for item in items for name in item)
    return [name for name in names if any(item.get(name) not in (None, [], {}) for item in items)]
