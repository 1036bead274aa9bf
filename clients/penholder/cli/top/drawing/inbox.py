"""The inbox: a row a question; the chosen one in whole, with its options and their keys."""

from datetime import datetime

from penholder.cli.terminal import ages, cells
from penholder.cli.top.drawing.rows import Row, found, padded, row, text_row, title, window
from penholder.cli.top.model import answers, listing
from penholder.cli.top.model.desk import Desk
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.records import Key, Question
from penholder.cli.top.model.text import clean
from penholder.cli.workers import summaries

_NAME_CELLS = 16
_AGE_CELLS = 5
_MOST_LINES = 4
"""Of the chosen question, where the pane does not have all lines; all of it is a key away."""
_MAX_QUESTION = 4_096


def draw(fleet: Fleet, desk: Desk, width: int, height: int, now: datetime) -> list[Row]:
    """Draw the pane."""
    if height <= 0:
        return []
    shown = desk.questions(fleet)
    pending = sum(1 for key, _ in shown if listing.outcome(fleet, key) is None)
    marks = f"{len(desk.marked_questions)} marked" if desk.marked_questions else ""
    more = "+" if fleet.cut else ""
    finding = desk.finding("inbox")
    heading = f"INBOX {pending}{more}" + (f"  /{clean(finding.text, 40)}" if finding.text else "")
    head = title(heading, marks, width, desk.focus == "inbox")
    body, chosen = _body(fleet, desk, width, height - 1, now)
    if not body:
        body = [text_row("  nobody asks anything", width, "dim")]
    return [head, *padded(window(body, chosen, height - 1), width, height - 1)]


def rows_wanted(fleet: Fleet, desk: Desk, width: int) -> int:
    """Return how many rows the pane would fill, without its title."""
    shown = desk.questions(fleet)
    chosen = next((each for key, each in shown if key == desk.question), None)
    extra = 0
    if chosen is not None:
        extra = min(len(_wrapped(chosen, width)), _MOST_LINES + 1)
    return max(1, len(shown) + extra)


def whole(fleet: Fleet, key: Key, question: Question, width: int, now: datetime) -> list[Row]:
    """Draw a question by itself, with everything that is known of it."""
    worker = fleet.workers.get(Key(key.host, question.worker_id))
    there = fleet.moment(key.host, now)
    facts: tuple[tuple[str, str], ...] = (
        ("question", question.request_id),
        ("worker", f"{worker.label if worker else '?'} ({question.worker_id})"),
        ("kind", question.kind),
        ("asked", f"{ages.since(question.created_at, there)} ago"),
        ("expires", ages.since(question.deadline_at, there)),
    )
    said = () if worker is None or worker.summary is None else summaries.facts(worker.summary)
    facts = (*facts, *(("", each) for each in said))
    rows = [row([(f"{name:<9}", "dim"), (clean(text), "")], width) for name, text in facts]
    rows.append(text_row("", width))
    rows += [text_row(line, width) for line in _message(question, width)]
    rows.append(text_row("", width))
    for number, option in enumerate(question.options, 1):
        key_name = str(number) if number <= answers.MOST_NUMBERED else " "
        kind = clean(f"  {option.kind or option.alias or ''}", 60)
        spans = [(f" {key_name} ", "bold"), (answers.label(option), ""), (kind, "dim")]
        rows.append(row(spans, width))
    return rows


def _body(
    fleet: Fleet, desk: Desk, width: int, height: int, now: datetime
) -> tuple[list[Row], int | None]:
    rows: list[Row] = []
    chosen_at = None
    room = height if desk.is_zoomed else _MOST_LINES + 1
    shown = desk.questions(fleet)
    place = next((at for at, (key, _) in enumerate(shown) if key == desk.question), 0)
    # No more than may be seen: there may be thousands.
    for key, question in shown[max(0, place - height) : place + height + 1]:
        is_chosen = key == desk.question
        rows.append(_line(fleet, desk, key, question, width, now))
        if is_chosen:
            opened = _opened(fleet, key, question, width, max(1, min(room, height - 1)))
            rows += opened
            # Its last line is what keys are named in.
            chosen_at = len(rows) - 1 - len(opened) // 2
    return rows, chosen_at


def _line(fleet: Fleet, desk: Desk, key: Key, question: Question, width: int, now: datetime) -> Row:
    is_chosen = key == desk.question
    worker = fleet.workers.get(Key(key.host, question.worker_id))
    name = clean(worker.label if worker else question.worker_id, 60)
    outcome = listing.outcome(fleet, key)
    mark = ("▸" if is_chosen else " ") + ("*" if key in desk.marked_questions else " ")
    age = ages.since(question.created_at, fleet.moment(key.host, now))
    name_cells = min(_NAME_CELLS, width // 4)
    spans = [
        (mark, "bold"),
        (cells.fill(cells.fit(name, name_cells), name_cells) + " ", "bold"),
        (f"{age:>{_AGE_CELLS - 1}} ", "dim"),
    ]
    if outcome is not None:
        spans.append((f"({outcome}) ", "dim"))
    spans.append((clean(" ".join(question.message.split())), "dim" if outcome else "yellow"))
    style = "chosen" if is_chosen and desk.focus == "inbox" else ""
    return row(found(spans, desk.finding("inbox").text), width, key, style)


def _opened(fleet: Fleet, key: Key, question: Question, width: int, most: int) -> list[Row]:
    lines = _wrapped(question, width)
    if len(lines) > most:
        kept = lines[: max(0, most - 2)]
        lines = [*kept, "   … Enter shows all of it", lines[-1]][-most:]
    if listing.outcome(fleet, key) is not None:
        lines = lines[:-1]
    return [
        text_row(line, width, "bold" if place == len(lines) - 1 else "", key)
        for place, line in enumerate(lines)
    ]


def _wrapped(question: Question, width: int) -> list[str]:
    """Return what a row could not hold of a question, and the line of its options."""
    lines = [f"   {line}" for line in _message(question, width - 3)]
    is_told = len(lines) == 1 and cells.width(lines[0]) < width - _NAME_CELLS - _AGE_CELLS - 2
    options = f"   {answers.named(question)}"
    return [options] if is_told else [*lines, options]


def _message(question: Question, width: int) -> list[str]:
    lines: list[str] = []
    for line in question.message[:_MAX_QUESTION].split("\n"):
        lines += cells.wrap(clean(line, _MAX_QUESTION), max(10, width))
    return lines
