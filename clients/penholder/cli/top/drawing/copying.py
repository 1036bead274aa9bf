"""What is copied, or given to a pager: plain text of what a pane shows."""

from collections.abc import Sequence

from penholder.cli.top.drawing.detail import MARKS
from penholder.cli.top.model import listing
from penholder.cli.top.model.desk import Desk
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.tail import Line


def text(fleet: Fleet, desk: Desk, last_act: str | None) -> str:
    """Return ids or lines; with the last act's command, what is longer than they are."""
    if desk.focus == "inbox":
        return _of_inbox(fleet, desk, is_long=last_act is not None)
    if desk.focus == "workers":
        return _of_workers(fleet, desk, is_long=last_act is not None)
    if last_act is not None:
        return last_act
    if desk.tab != "stream":
        return "\n".join(_ids(fleet))
    return plain_text(listing.lines(fleet, desk.finding("detail")))


def plain_text(lines: Sequence[Line]) -> str:
    """Write lines with their times."""
    return "".join(f"{each.ts} {MARKS[each.kind]}{each.text}\n" for each in lines)


def _of_inbox(fleet: Fleet, desk: Desk, *, is_long: bool) -> str:
    if desk.question is None:
        return ""
    if is_long:
        question = dict(desk.questions(fleet)).get(desk.question)
        return "" if question is None else question.message
    return "\n".join(key.id for key in sorted(desk.marked_questions or {desk.question}))


def _of_workers(fleet: Fleet, desk: Desk, *, is_long: bool) -> str:
    if desk.worker is None:
        return ""
    if is_long:
        worker = fleet.workers.get(desk.worker)
        return (worker.last_text if worker else None) or ""
    return "\n".join(key.id for key in sorted(desk.marked_workers or {desk.worker}))


def _ids(fleet: Fleet) -> list[str]:
    """Name what the queue's and the runs' panes show."""
    found = fleet.details
    if found is None:
        return []
    return [each.queue_task_id for each in found.tasks] + [each.run_id for each in found.runs]
