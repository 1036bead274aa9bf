"""What the demo prints: steps, live entries, and the table of claims."""

import threading

import msgspec
from rich.console import Console
from rich.table import Table

from penholder_protocol.nouns import Entry

_SHOWN_OF_EACH_STREAM = 4
_WIDTH = 70


class Show:
    """One terminal, written to by several threads."""

    def __init__(self) -> None:
        """Write to stdout."""
        self._console = Console(highlight=False, soft_wrap=True)
        self._lock = threading.Lock()
        self._shown: dict[tuple[str, str], int] = {}

    def step(self, text: str) -> None:
        """Say what is done now."""
        with self._lock:
            self._console.print(f"\n[bold]▸ {text}[/bold]")

    def line(self, text: str) -> None:
        """Say how it went."""
        with self._lock:
            self._console.print(f"  {text}", markup=False)

    def entry(self, entry: Entry) -> None:
        """Show a live entry; of a talkative stream the first of each type, then every 500th."""
        key = (entry.stream, entry.type)
        count = self._shown[key] = self._shown.get(key, 0) + 1
        if count > _SHOWN_OF_EACH_STREAM and count % 500:
            return
        data = bytes(entry.data).decode()
        more = f"{data[:_WIDTH]}…" if len(data) > _WIDTH else data
        self.line(f"{entry.pos:6} {entry.stream:32} #{entry.seq:<5} {entry.type:22} {more}")

    def claims(self, claims: list[tuple[str, str, bool]]) -> bool:
        """Show what was claimed, what was seen, and whether it holds; True if all do."""
        table = Table(title="What was claimed, and what was seen")
        for column in ("claim", "seen", "holds"):
            table.add_column(column)
        for claim, seen, holds in claims:
            table.add_row(claim, seen, "[green]yes[/green]" if holds else "[bold red]NO[/bold red]")
        with self._lock:
            self._console.print()
            self._console.print(table)
        return all(holds for _, _, holds in claims)


def text_of(entry: Entry) -> dict[str, object]:
    """Return an entry's data as plain objects."""
    data: dict[str, object] = msgspec.json.decode(entry.data)
    return data
