"""`penholder ps`: who works, since when, what it said last, and who asks.

One call tells all of a page of workers, so that a list of a thousand costs what one of ten does.
How old the last output is the client reckons, by the daemon's clock: that somebody is silent is no
state of the daemon.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from penholder.blocking import Client
from penholder.cli import pages
from penholder.cli.terminal import ages, clock, configuration, output
from penholder.cli.terminal.grid import Column
from penholder.cli.terminal.text import plain
from penholder.cli.words import frame
from penholder.cli.workers import endings, hosts, living, overviews, summaries
from penholder.cli.workers.summaries import Summary
from penholder_protocol.nouns import WorkerOverview

# Half an age or half a mark says nothing: OUTPUT holds `119m silent`, ENDED `137, 119m ago`. What
# gives way to them are texts, and then the columns that matter less.
_COLUMNS = (
    Column("NAME", rank=0, least=16),
    Column("STATE", rank=1, least=16, is_state=True),
    Column("SINCE", rank=5, least=5),
    Column("OUTPUT", rank=3, least=11),
    Column("ASKS", rank=2, least=4),
    Column("ENDED", rank=2, least=13, is_optional=True),
    Column("HOST", rank=3, least=8, keep="end", is_optional=True),
    Column("CONTROLLER", rank=6, least=12, keep="end"),
    # The last, so that in a pipe no long line pushes anything aside.
    Column("LAST LINE", rank=4, least=12),
)


class _Controller(msgspec.Struct):
    controller_id: str
    label: str


class Listed(msgspec.Struct, frozen=True):
    """A worker as the list has it, for programs."""

    worker_id: str
    name: str
    state: str
    controller_id: str
    controller: str
    created_at: str
    last_output_at: str | None
    silent: bool
    pending_approvals: int
    last_text: str | None
    summary: Summary | None
    """What a program says of itself that does so, as an agent's runner."""
    exit_status: int | None
    """As a shell says it: 128 + N where signal N ended it; None where none is known."""
    ended_at: str | None
    host_id: str
    host: str
    """What the host is called, with the end of its id where others are called the same."""
    unreachable: bool
    """Whether its host is not heard of: what it is at is how it was then."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder ps words…`; returns the exit code."""
    parser = frame.parser(
        "ps",
        "[-a] [--controller ID|.]",
        "List the workers that live: their seat is held, or they are starting.",
        ["penholder ps", "penholder ps -a", "penholder ps --controller . --stall-after 2m"],
    )
    parser.add_argument(
        "-a", "--all", action="store_true", dest="everyone", help="those that ended too"
    )
    frame.add_controller(parser)
    frame.add_stall_after(parser)
    found, options = frame.read(parser, words, records=True)
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        seen: list[WorkerOverview] = []
        with frame.nobody_yet(found.controller):
            seen.extend(overviews.read(client, controller_id, everyone=found.everyone))
        labels = _labels(client) if seen else {}
        called = hosts.labels(hosts.known(client)) if seen else {}
        stall_after_s = configuration.stall_after_s(found.stall_after)
        now = clock.now(client)
        listed = [_listed(each, labels, called, stall_after_s, now) for each in seen]
    format_ = output.format_of(options, output.TABLE)
    if format_ != output.TABLE:
        frame.print_for_programs(listed, format_)
        return 0
    _print(listed, len(called), now, everyone=found.everyone, headings=options.headers)
    return 0


def _labels(client: Client) -> dict[str, str]:
    found = pages.items(client.call, "controller.list", {}, _Controller)
    return {each.controller_id: each.label for each in found}


def _listed(
    seen: WorkerOverview,
    labels: dict[str, str],
    called: dict[str, str],
    stall_after_s: float,
    now: datetime,
) -> Listed:
    worker = seen.worker
    is_living = endings.is_living(worker)
    ending = None if is_living else _ending(seen)
    summary = summaries.read(seen.summary)
    said_at = seen.last_output_at
    if summary is not None and seen.last_event is not None:
        said_at = seen.last_event.ts  # it speaks in events of its own
    # Who says that nothing is to be done owes no word.
    may_be_silent = is_living and (summary is None or summary.state == "running")
    quiet_s = ages.seconds_since(said_at or worker.created_at, now) or 0
    silent = may_be_silent and quiet_s >= stall_after_s
    return Listed(
        worker_id=worker.worker_id,
        name=worker.label,
        state=worker.state,
        controller_id=worker.controller_id,
        controller=labels.get(worker.controller_id, worker.controller_id),
        created_at=worker.created_at,
        last_output_at=said_at,
        silent=silent,
        pending_approvals=seen.pending_approvals,
        last_text=seen.last_text if summary is None else summary.title,
        summary=summary,
        exit_status=None if ending is None else ending.code,
        ended_at=None if ending is None else ending.at,
        host_id=worker.host_id,
        host=called.get(worker.host_id, worker.host_id),
        unreachable=worker.recovery_state == living.UNREACHABLE,
    )


def _ending(seen: WorkerOverview) -> endings.Ending | None:
    last = seen.last_event
    return None if last is None else endings.read(last.type, seen.last_data, last.ts)


def _print(
    listed: Sequence[Listed], hosts_known: int, now: datetime, *, everyone: bool, headings: bool
) -> None:
    from penholder.cli.terminal import tables  # noqa: PLC0415 - for a table alone

    if not listed:
        print("none" if everyone else "none live; penholder ps -a shows those that ended too")
        return
    tables.print_grid(
        _COLUMNS, [_row(each, now, hosts_known) for each in listed], headings=headings
    )


def _row(each: Listed, now: datetime, hosts_known: int) -> tuple[str, ...]:
    output_age = ages.since(each.last_output_at, now)
    return (
        plain(each.name),
        each.state,
        ages.since(each.created_at, now),
        f"{output_age} silent".removeprefix("- ") if each.silent else output_age,
        str(each.pending_approvals or "-"),
        _ended(each, now),
        _host(each) if hosts_known > 1 else "-",
        plain(each.controller),
        plain(each.last_text),
    )


def _host(each: Listed) -> str:
    return f"{plain(each.host)} away" if each.unreachable else plain(each.host)


def _ended(each: Listed, now: datetime) -> str:
    if each.exit_status is None:
        return "-"
    return f"{each.exit_status}, {ages.since(each.ended_at, now)} ago"
