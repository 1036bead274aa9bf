"""The line on top, and the two below: what was done and how things are, and the keys."""

from datetime import datetime

from penholder.cli.terminal import ages, cells
from penholder.cli.top.drawing.rows import Row, Span, row, text_row
from penholder.cli.top.model.desk import Desk
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.text import clean

MOST_OF_MESSAGE = 3
_KEYS = {
    "inbox": "a approve  d deny  1-9 option  n note  Enter all",
    "workers": "s send  x stop  K kill  R restart  space mark",
    "detail": "t queue/runs  w wrap  v pager  y copy  G follow",
}
_EVERYWHERE = "  Tab  / find  ? help  q quit"


def top(fleet: Fleet, desk: Desk, width: int, now: datetime) -> Row:
    """Draw the line on top: how many, and whether what is shown is true now."""
    living = sum(1 for each in fleet.workers.values() if each.is_living)
    asking = fleet.asks().total()
    spans: list[Span] = [("penholder top", "bold"), (f"  {_count(living, 'worker')}", "")]
    spans.append((f"  {_count(asking, 'question')}", "yellow" if asking else "dim"))
    if desk.is_paused:
        spans.append(("  PAUSED, p goes on", "bold yellow"))
    for host, stale in fleet.stale.items():
        since = datetime.fromtimestamp(stale.since, now.tzinfo)
        name = f"{clean(host, 40)} " if len(fleet.hosts) > 1 else ""
        age = ages.duration((now - since).total_seconds())
        text = f"  {name}stale since {since:%H:%M:%S} ({age}): {clean(stale.why, 200)}"
        spans.append((text, "bold red"))
    return row(spans, width)


def message(text: str, is_wrong: bool, width: int) -> list[Row]:
    """Draw what was done, or why not: a line, or a few where it takes them."""
    shown = clean(text, 1_000)
    lines = [shown] if cells.width(shown) <= width else cells.wrap(shown, width)
    if len(lines) > MOST_OF_MESSAGE:
        lines = [
            *lines[: MOST_OF_MESSAGE - 1],
            cells.fit(lines[MOST_OF_MESSAGE - 1], width - 1) + "…",
        ]
    return [text_row(line, width, "bold red" if is_wrong else "") for line in lines]


def keys(desk: Desk, width: int) -> Row:
    """Draw the line of keys."""
    note = f"note: {clean(desk.note, 40)}   " if desk.note is not None else ""
    # How to leave and where all keys are goes last: the pane's own are there, too.
    room = width - cells.width(note) - cells.width(_EVERYWHERE)
    own = cells.fit(_KEYS[desk.focus], room)
    return row([(note, "bold yellow"), (own + _EVERYWHERE, "dim")], width)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
