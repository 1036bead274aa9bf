"""The workers: a row each, under a heading for each controller; what fits of the columns."""

from collections import Counter
from datetime import datetime

from penholder.cli.terminal import ages, cells, screen
from penholder.cli.top.drawing.rows import Row, Span, found, padded, row, text_row, title
from penholder.cli.top.model import listing
from penholder.cli.top.model.desk import Desk
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.listing import Group, WorkerRow
from penholder.cli.top.model.records import Key
from penholder.cli.top.model.text import MAX_SHORT_CHARACTERS, clean
from penholder.cli.top.model.worker import Worker

_STATE_CELLS = 9
_AGE_CELLS = 5
_WIDE = 100
_NARROW = 60
_MAX_NAME = 64


class Widths:
    """How wide the columns are in a pane of a width; 0 where a column has no room."""

    def __init__(self, width: int, has_turns: bool) -> None:
        """Share a width: the last line gets what is left, and never less than a third."""
        self.name = 24 if width >= _WIDE else max(8, min(18, width // 4))
        self.age = _AGE_CELLS if width >= _NARROW else 0
        self.turn = (16 if width >= _WIDE else 9) if has_turns and width >= _NARROW else 0


def draw(fleet: Fleet, desk: Desk, width: int, height: int, now: datetime) -> list[Row]:
    """Draw the pane."""
    if height <= 0:
        return []
    shown = desk.workers(fleet)
    head = title(_heading(fleet, desk, shown), _right(desk), width, desk.focus == "workers")
    widths = Widths(width, any(each.turn_id for each in shown))
    asks = fleet.asks()
    places = _places(fleet, desk, shown)
    chosen = next((at for at, each in enumerate(places) if _key(each) == desk.worker), None)
    room = height - 2
    begin = 0 if chosen is None else max(0, min(chosen - room // 2, len(places) - room))
    visible = places[begin : begin + max(room, 0)]
    drawn = [_drawn(fleet, desk, each, asks, widths, width, now) for each in visible]
    if not drawn:
        drawn = [text_row(_nobody(fleet, desk), width, "dim")]
    return [head, _headings(widths, width), *padded(drawn, width, room)][:height]


def rows_wanted(fleet: Fleet, desk: Desk) -> int:
    """Return how many rows the pane would fill, without title and headings."""
    return len(_places(fleet, desk, desk.workers(fleet)))


def is_silent(worker: Worker, after_s: float, now: datetime) -> bool:
    """Tell whether a worker that should have something to say wrote nothing for so long.

    The daemon knows no such state.
    """
    since = worker.output_at or worker.created_at
    seconds = ages.seconds_since(since, now) if since else None
    return worker.state == "running" and (seconds or 0) >= after_s


def _places(fleet: Fleet, desk: Desk, shown: list[Worker]) -> list[WorkerRow]:
    return list(listing.grouped(fleet, shown, desk.wanted()) if desk.is_grouped else shown)


def _key(each: WorkerRow) -> Key | None:
    return each.key if isinstance(each, Worker) else None


def _heading(fleet: Fleet, desk: Desk, shown: list[Worker]) -> str:
    finding = desk.finding("workers")
    ended = ", ended ones too" if desk.with_ended else ""
    wanted = f"  /{clean(finding.text, 40)}" if finding.text else ""
    living = sum(1 for each in fleet.workers.values() if each.is_living)
    return f"WORKERS {len(shown)}, {living} living{ended}{wanted}"


def _right(desk: Desk) -> str:
    marked = f"{len(desk.marked_workers)} marked  " if desk.marked_workers else ""
    return f"{marked}by {desk.order}"


def _nobody(fleet: Fleet, desk: Desk) -> str:
    if not fleet.listed:
        return "  reading …"
    if desk.finding("workers").hidden:
        return "  none has that; Esc shows all again"
    return "  no workers live: penholder run -- COMMAND starts one; e shows those that have ended"


def _headings(widths: Widths, width: int) -> Row:
    text = "  " + f"{'NAME':<{widths.name}} {'STATE':<{_STATE_CELLS}}"
    if widths.age:
        text += f"{'AGE':>{_AGE_CELLS - 1}} {'OUT':>{_AGE_CELLS - 1}} "
    if widths.turn:
        text += f"{'TURN':<{widths.turn}} "
    return text_row(text + "LAST LINE", width, "dim")


def _drawn(
    fleet: Fleet,
    desk: Desk,
    each: WorkerRow,
    asks: Counter[Key],
    widths: Widths,
    width: int,
    now: datetime,
) -> Row:
    if isinstance(each, Group):
        return _group(fleet, each, width)
    is_chosen = each.key == desk.worker
    mark = ("▸" if is_chosen else " ") + ("*" if each.key in desk.marked_workers else " ")
    there = fleet.moment(each.key.host, now)
    is_late = is_silent(each, desk.stall_after_s, there)
    columns = _columns(each, _name(fleet, each), asks, widths, there, is_late=is_late)
    spans = [(mark, "bold"), *columns]
    style = "chosen" if is_chosen and desk.focus == "workers" else ""
    return row(found(spans, desk.finding("workers").text), width, each.key, style)


def _group(fleet: Fleet, group: Group, width: int) -> Row:
    where = f"{clean(group.controller.host, 40)}: " if len(fleet.hosts) > 1 else ""
    asks = f", {group.asks} {'asks' if group.asks == 1 else 'ask'}" if group.asks else ""
    stale = " (stale)" if group.controller.host in fleet.stale else ""
    past = ", ended before" if group.is_past else ""
    name = cells.fit(clean(group.label), max(10, width - 30), "end")
    return text_row(f"{where}{name}  {group.count}{past}{asks}{stale}", width, "bold")


def _name(fleet: Fleet, worker: Worker) -> str:
    """Say a worker's name, and where several machines share a store, on which of them it is."""
    machines = fleet.machines.get(worker.key.host, {})
    name = clean(worker.label, _MAX_NAME)
    if len(machines) < 2 or worker.host_id is None:
        return name
    return f"{clean(machines.get(worker.host_id, worker.host_id), _MAX_NAME)}/{name}"


def _columns(
    worker: Worker,
    name: str,
    asks: Counter[Key],
    widths: Widths,
    now: datetime,
    *,
    is_late: bool,
) -> list[Span]:
    state = listing.state_of(worker, asks)
    spans: list[Span] = [
        (_cell(name, widths.name), "bold"),
        (_cell(state, _STATE_CELLS - 1), _colour(state)),
    ]
    if widths.age:
        age = ages.since(worker.created_at or None, now)
        output = ages.since(worker.output_at, now) + ("!" if is_late else "")
        spans.append((f" {age:>{_AGE_CELLS - 1}} ", "dim"))
        spans.append((f"{output:>{_AGE_CELLS - 1}} ", "yellow" if is_late else "dim"))
    if widths.turn:
        spans.append((_cell(clean(worker.turn_id or "-", _MAX_NAME), widths.turn), "dim"))
    spans.append((_last(worker), "red" if _is_bad(state) else ""))
    return spans


def _cell(text: str, width: int) -> str:
    return cells.fill(cells.fit(text, width), width) + " "


def _last(worker: Worker) -> str:
    # How a command ended is its state already: what it said before says why.
    is_told = worker.ended_as is not None and bool(worker.last_text)
    if worker.last_error and not worker.is_living and not is_told:
        return clean(worker.last_error, 200)
    if worker.summary is not None:
        return clean(worker.summary.title, MAX_SHORT_CHARACTERS)
    return worker.last_text or worker.last_type or ""


def _colour(state: str) -> str:
    if state == "asks":
        return "yellow"
    if _is_bad(state):
        return "red"
    return screen.colour_of_state(state) or ""


def _is_bad(state: str) -> bool:
    return state in ("error", "lost", "away") or (
        state.startswith(("exit ", "signal ", "SIG")) and state != "exit 0"
    )
