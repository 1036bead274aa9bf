"""What is shown of the chosen worker: its stream, what waits for it, or its runs."""

from collections.abc import Sequence
from datetime import datetime

from penholder.cli.terminal import ages, cells
from penholder.cli.top.drawing.rows import Row, Span, found, padded, row, text_row, title
from penholder.cli.top.model import listing
from penholder.cli.top.model.desk import TABS, Desk, place_of
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.records import Input, Key, Run, Task
from penholder.cli.top.model.tail import Line
from penholder.cli.top.model.text import MAX_SHORT_CHARACTERS, clean
from penholder.cli.top.model.worker import Worker
from penholder.cli.workers import summaries

_STYLES = {"stdout": "", "stderr": "yellow", "event": "dim"}
MARKS = {"stdout": "  ", "stderr": "! ", "event": "· "}
"""Which stream a line is of, beside its colour."""
_WIDE = 60


def draw(fleet: Fleet, desk: Desk, width: int, height: int, now: datetime) -> list[Row]:
    """Draw the pane."""
    if height <= 0:
        return []
    head = title(_heading(fleet, desk), _right(fleet, desk), width, desk.focus == "detail")
    room = height - 1
    if desk.worker is None:
        body = [text_row("  no worker is chosen", width, "dim")]
    elif desk.tab == "stream":
        worker = fleet.workers.get(desk.worker)
        facts = [] if worker is None else _facts(worker, width)
        body = [*facts, *_stream(fleet, desk, width, room - len(facts), now)]
    else:
        body = _list(fleet, desk, width, room, now)
    return [head, *padded(body, width, room)]


def _heading(fleet: Fleet, desk: Desk) -> str:
    worker = None if desk.worker is None else fleet.workers.get(desk.worker)
    name = clean(worker.label, 40) if worker else "gone" if desk.worker else "-"
    tabs = " ".join(f"[{each}]" if each == desk.tab else each for each in TABS)
    finding = desk.finding("detail")
    how = "/" if finding.hides else "?"
    wanted = f"  {how}{clean(finding.text, 30)}" if finding.text else ""
    return f"{name}  {tabs}{wanted}"


def _right(fleet: Fleet, desk: Desk) -> str:
    if desk.tab != "stream" or fleet.tail is None:
        return ""
    if desk.bottom_seq is None:
        return "following"
    lines = listing.lines(fleet, desk.finding("detail"))
    below = len(lines) - 1 - place_of([each.seq for each in lines], desk.bottom_seq)
    return f"{below} lines below, G follows"


def _facts(worker: Worker, width: int) -> list[Row]:
    """Draw what a program says of itself: its turn, its plan, what it runs, what that took."""
    said = () if worker.summary is None else summaries.facts(worker.summary)
    text = "  ".join(clean(each, MAX_SHORT_CHARACTERS) for each in said)
    return [text_row(f"  {text}", width, "bold")] if text else []


def _stream(fleet: Fleet, desk: Desk, width: int, room: int, now: datetime) -> list[Row]:
    if fleet.tail is None or not fleet.tail.is_read:
        return [text_row("  reading …", width, "dim")]
    lines = listing.lines(fleet, desk.finding("detail"))
    if not lines:
        none = "no line has that" if desk.finding("detail").hidden else "nothing yet"
        return [text_row(f"  {none}", width, "dim")]
    last = place_of([each.seq for each in lines], desk.bottom_seq)
    rows: list[Row] = []
    for line in reversed(lines[max(0, last + 1 - room) : last + 1]):
        rows = [*_line(line, desk, width, now), *rows]
        if len(rows) >= room:
            break
    # Where the first lines do not fill the pane, those below them do.
    for line in lines[last + 1 : last + 1 + room - len(rows)]:
        rows += _line(line, desk, width, now)
    return rows[-room:] if len(rows) > room and desk.bottom_seq is None else rows[:room]


def _line(line: Line, desk: Desk, width: int, now: datetime) -> list[Row]:
    wanted = desk.finding("detail").text
    stamp = f"{_clock(line.ts, now)} " if width >= _WIDE else ""
    begin: list[Span] = [(stamp, "dim"), (MARKS[line.kind], "bold")]
    room = max(10, width - len(stamp) - 2)
    texts = _cut(line.text, room) if desk.wraps else [line.text]
    rows = []
    for text in texts:
        spans = [*begin, *found([(text, _STYLES[line.kind])], wanted)]
        rows.append(row(spans, width))
        begin = [(" " * (len(stamp) + 2), "")]
    return rows


def _clock(time: str, now: datetime) -> str:
    """Write when it was by the clock of who looks."""
    try:
        return f"{datetime.fromisoformat(time).astimezone(now.tzinfo):%H:%M:%S}"
    except ValueError:
        return clean(time, 8)


def _cut(text: str, width: int) -> list[str]:
    """Break a line where the pane ends: its spaces are its own, and stay."""
    pieces: list[str] = []
    while cells.width(text) > width:
        piece = cells.fit(text, width + 1)[:-1] or text[:1]
        pieces.append(piece)
        text = text[len(piece) :]
    return [*pieces, text]


def _list(fleet: Fleet, desk: Desk, width: int, room: int, now: datetime) -> list[Row]:
    if fleet.details is None:
        return [text_row("  reading …", width, "dim")]
    there = fleet.moment(fleet.details.worker.host, now)
    if desk.tab == "queue":
        spans = [
            *(_input(each, there) for each in fleet.details.inputs),
            *(_task(each, fleet.details.worker, there) for each in fleet.details.tasks),
        ]
        none = "nothing is sent to it that it has not taken, and it works on no queue's task"
    else:
        spans = [_run(each, there) for each in fleet.details.runs]
        none = "it has claimed no run"
    finding = desk.finding("detail")
    shown = [
        row(found(each, finding.text), width)
        for each in spans
        if not finding.hidden or finding.is_in("".join(text for text, _ in each))
    ]
    return _scrolled(shown, desk, room) or [text_row(f"  {none}", width, "dim")]


def _scrolled(rows: Sequence[Row], desk: Desk, room: int) -> list[Row]:
    desk.scroll = min(desk.scroll, max(0, len(rows) - room))
    return list(rows[desk.scroll :])


def _input(each: Input, now: datetime) -> list[Span]:
    age = ages.since(each.created_at, now)
    text = clean(bytes(each.data).decode(errors="replace"), 400)
    return [
        (f"  sent #{each.seq} ", "bold"),
        (f"{age:>4} {clean(each.kind, 40)} ", "dim"),
        (text, ""),
    ]


def _task(each: Task, worker: Key, now: datetime) -> list[Span]:
    is_own = each.claimed_by == worker.id
    age = ages.since(each.created_at, now)
    state = each.state if is_own else f"{each.state} there"
    facts = f"{age:>4} {clean(each.queue, 24)}  {each.attempts}/{each.max_attempts} "
    name = clean(each.title or each.queue_task_id, 400)
    return [(f"  {state:<14} ", "bold" if is_own else ""), (facts, "dim"), (name, "")]


def _run(each: Run, now: datetime) -> list[Span]:
    age = ages.since(each.created_at, now)
    facts = f"{age:>4} {clean(each.project_id, 24)} {clean(each.backend_profile, 24)} "
    failure = clean(f"  {each.failure_message}", 400) if each.failure_message else ""
    return [
        (f"  {each.state:<10} ", "bold"),
        (facts, "dim"),
        (clean(each.run_id, 60), ""),
        (failure, "red"),
    ]
