"""`penholder attach`: a worker's terminal, here."""

import os
import sys
from collections.abc import Sequence

from penholder.blocking import Client
from penholder.cli.attach import dialing
from penholder.cli.attach.steering import steering
from penholder.cli.attach.viewer import How, Outcome, Viewer
from penholder.cli.run.asking import NoRunner
from penholder.cli.run.pty_own import Terminal
from penholder.cli.terminal.failures import NOT_IN_THIS_STATE, Failure, sentence
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.targets import WORKER_VARIABLE
from penholder.cli.terminal.text import printable
from penholder.cli.words import afar, frame
from penholder.cli.workers import names
from penholder.cli.workers.endings import is_living
from penholder_protocol.nouns import Worker

UNKNOWN = 125
_MORE = """\
Keys go to the command, also Ctrl-C; Ctrl-P Ctrl-Q detaches, and the command goes on. The last 64
KiB of what it wrote come first. Several may be attached at once, and the smallest terminal decides
the size.

With --view nothing is sent, neither keys nor a size, and Ctrl-C ends it. So it is where stdin is no
terminal, and while the worker's controller has an owner, unless --take-over.

That somebody attached and detached is told in the worker's stream (attached, detached {uid, pid,
view}); what is typed is not, but for what the command writes back. The exit code is the command's
when it ends, 128 + N if signal N ended it, 0 after detaching, 125 where the connection was lost."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder attach words…`; returns the exit code."""
    parser = frame.parser(
        "attach",
        "NAME [--view]",
        "Attach to the terminal of a worker that was started with penholder run --pty.",
        ["penholder attach vim-1", "penholder attach vim-1 --view"],
        _MORE,
    )
    frame.add_names(parser, several=False)
    parser.add_argument("--view", action="store_true", help="look only, send nothing")
    frame.add_controller(parser)
    found, options = frame.read(parser, words, fence=True)
    with frame.connected(options, waits=True, has_screen=True) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        refuse_ended(client, worker)
        _refuse_itself(worker)
        _refuse_afar(client, worker)
        return _attach(client, worker, options, view=found.view)


def refuse_ended(client: Client, worker: Worker) -> None:
    """Raise Failure for a worker that has no command any more, or is to have none."""
    if worker.state == "stopped" and afar.is_away(worker) and is_living(worker):
        raise afar.left_for_it(client, worker)
    is_over = worker.state == "error" and worker.recovery_state != "attached"
    if worker.state == "stopped" or is_over:
        how = f" ({printable(worker.last_error)})" if worker.last_error else ""
        raise Failure(
            f"{worker.worker_id} has ended{how}: penholder logs {worker.worker_id} shows what it"
            " wrote",
            NOT_IN_THIS_STATE,
        )


def _refuse_afar(client: Client, worker: Worker) -> None:
    """Its terminal is on the machine where it runs."""
    if afar.is_elsewhere(worker):
        way = afar.way(client, worker, f"attach {worker.worker_id}")
        raise Failure(
            f"the terminal of {printable(worker.label)} is on {afar.host_of(client, worker)}; {way}"
        )


def _refuse_itself(worker: Worker) -> None:
    """A terminal that shows itself shows what it shows, without an end."""
    if worker.worker_id == os.environ.get(WORKER_VARIABLE):
        raise Failure(
            f"this is the terminal of {worker.worker_id} itself: attach from another one",
            NOT_IN_THIS_STATE,
        )


def _attach(client: Client, worker: Worker, options: Options, *, view: bool) -> int:
    terminal = Terminal(sys.stdin.fileno()) if sys.stdin.isatty() else None
    if terminal is None and not view:
        _say(options, "stdin is no terminal, so nothing can be typed: view only")
    if view or terminal is None:
        return _view(worker, terminal, options, view=True)
    with steering(client, options, worker) as steers:
        if steers.refusal is not None:
            _say(options, f"view only: {sentence(steers.refusal)}")
        return _view(worker, terminal, options, view=steers.refusal is not None)


def _view(worker: Worker, terminal: Terminal | None, options: Options, *, view: bool) -> int:
    attached = _dial(worker, view=view)
    if sys.stderr.isatty():
        keys = "Ctrl-C detaches" if view else "Ctrl-P Ctrl-Q detaches"
        _say(options, f"attached to {printable(worker.label)} ({worker.worker_id}); {keys}")
    with attached.socket:
        outcome = Viewer(attached, terminal, sys.stdout.fileno(), view=view).run()
    return _tell(worker, outcome, options)


def _dial(worker: Worker, *, view: bool) -> dialing.Attached:
    try:
        return dialing.attach(worker, view=view)
    except dialing.NoTerminal:
        reason = f"{worker.worker_id} has no terminal: it was not started with penholder run --pty"
    except dialing.Refused as error:
        raise Failure(f"cannot attach to {worker.worker_id}: {error}", NOT_IN_THIS_STATE) from None
    except NoRunner as error:
        reason = f"cannot attach: {error}"
    raise Failure(f"{reason}; {_shows(worker)}", NOT_IN_THIS_STATE)


def _shows(worker: Worker) -> str:
    from penholder.cli.words import without_output  # noqa: PLC0415 - for mistakes only

    if without_output.is_agent(worker):
        return f"penholder agent show {worker.worker_id} shows what it says and does"
    return f"penholder logs -f {worker.worker_id} follows its output"


def _tell(worker: Worker, outcome: Outcome, options: Options) -> int:
    name = printable(worker.label)
    if outcome.ended is not None:
        ended = outcome.ended
        how = f"by {ended.signal}" if ended.signal else f"with status {ended.exit_status}"
        _say(options, f"{name} ended {how}")
        return ended.code
    if outcome.how is How.LOST:
        raise Failure(
            f"the connection to {name} was lost: its runner ended, or this terminal did not read"
            f" what it wrote; penholder attach {worker.worker_id} attaches again, if it lives",
            UNKNOWN,
        )
    _say(options, f"detached from {name}, which goes on")
    return 128 + outcome.number if outcome.how is How.SIGNALED else 0


def _say(options: Options, text: str) -> None:
    frame.note(options, "attach", text)
