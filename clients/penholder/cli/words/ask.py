"""`penholder ask`: a question from inside a worker, and its answer as text and as an exit status.

The answer may take days, and the daemon may be restarted meanwhile: the question is on its disk, so
the wait goes on where it was. Only a worker that is known to have ended gets no answer any more.

Who is ended by a signal takes the question back. Of SIGKILL nothing hears: then `penholder run`
takes it back when the command has ended.
"""

import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec

from penholder import ConnectionLost, DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.terminal import ages, failures, output
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.targets import SOCKET_VARIABLE
from penholder.cli.terminal.vigil import WaitingClient
from penholder.cli.words import frame
from penholder.cli.workers import questions
from penholder_protocol.errors import PenholderError
from penholder_protocol.limits import MAX_DEADLINE_MS
from penholder_protocol.nouns import Approval, Option

DENIED = 1
NOT_ANSWERED = 3
FAILED = 125
_PATIENCE_S = 2.0
"""Of one attempt; it is tried again as long as the worker may have a socket again."""
_WAIT_MS = 60_000
_ENDING = (signal.SIGTERM, signal.SIGHUP)
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def run(words: Sequence[str]) -> int:
    """Carry out `penholder ask words…`; returns the exit code."""
    try:
        return _ask(words)
    except (*failures.EXPECTED, OSError) as error:
        shown = failures.of_system(error) if isinstance(error, OSError) else error
        failures.report(shown, as_json="--json" in words, command="penholder ask")
        return FAILED


def _ask(words: Sequence[str]) -> int:
    parser = frame.parser(
        "ask",
        "QUESTION [--option OPTION …] [--timeout TIME]",
        "Ask a person, from inside a worker, and wait for the answer.",
        ["penholder ask 'Deploy to production?' && ./deploy",
         "penholder ask 'Which database?' --option postgres --option 'sqlite=The small one'",
         "penholder ask 'Still there?' --timeout 10m"],
        "Prints the id of the option that was chosen. The exit status is 0 for allow or an option"
        " of your own, 1 for deny, 3 if the question expired or was canceled, 125 for all else.",
    )  # fmt: skip
    parser.add_argument("question", metavar="QUESTION", help="what to ask")
    parser.add_argument(
        "--option",
        action="append",
        metavar="OPTION",
        help="one of the answers, as ID, ID=LABEL or text; may be repeated; default allow and deny",
    )
    parser.add_argument(
        "--timeout", type=ages.parsed_duration, metavar="TIME", help="how long the answer may take"
    )
    found, options = frame.read(parser, words)
    offered = [_option(text) for text in found.option or ()]
    path = _own_socket()
    with WaitingClient(path, None, reconnect_s=_PATIENCE_S, operation=options.operation) as client:
        if not options.json:
            client.keep_vigil()
        request = partial(
            client.approval.request,
            kind="question",
            message=found.question,
            options=offered or None,
            deadline_ms=None if found.timeout is None else _deadline_ms(found.timeout),
            idempotency_key=os.urandom(16).hex(),
        )
        try:
            with _ended_by_signals():
                return _tell(_wait(client, request(), path), options)
        except (KeyboardInterrupt, _Ended) as ended:
            _take_back(client, request, path)
            if isinstance(ended, _Ended):
                return 128 + ended.number
            raise


class _Ended(BaseException):
    """A signal that ends who asks, as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        """Take which."""
        super().__init__(number)
        self.number = number


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Have the signals raise that would end this without a word; those that are ignored stay so."""

    def end(number: int, _: object) -> None:
        # Once: the question is being taken back from now on, and another one just ends it.
        restore()
        raise _Ended(number)

    def restore() -> None:
        for number, before in replaced.items():
            signal.signal(number, before)

    replaced = {each: signal.getsignal(each) for each in _ENDING}
    replaced = {each: was for each, was in replaced.items() if was is signal.SIG_DFL}
    for number in replaced:
        signal.signal(number, end)
    try:
        yield
    finally:
        restore()


def _own_socket() -> Path:
    path = os.environ.get(SOCKET_VARIABLE)
    if not path:
        raise Usage(
            f"penholder ask works inside a worker, where {SOCKET_VARIABLE} is set:"
            " penholder run -- COMMAND starts one"
        )
    return Path(path)


def _deadline_ms(timeout_s: float) -> int:
    deadline_ms = round(timeout_s * 1000)
    if not 0 < deadline_ms <= MAX_DEADLINE_MS:
        raise Usage(f"--timeout: at most {MAX_DEADLINE_MS // 1000} s, and more than 0")
    return deadline_ms


def _option(text: str) -> Option:
    """Read ID, ID=LABEL, or a text that an id is made of."""
    name, equals, label = text.partition("=")
    if equals and _ID.fullmatch(name):
        return Option(id=name, alias=name, label=label or name)
    if _ID.fullmatch(text):
        return Option(id=text, alias=text, label=text)
    made = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64]
    if not made:
        raise Usage(f"--option {text!r} has no letters that an id is made of; write ID={text}")
    return Option(id=made, alias=made, label=text)


def _wait(client: Client, asked: Approval, path: Path) -> Approval:
    while asked.state == "pending":
        try:
            asked = client.approval.wait(request_id=asked.request_id, timeout_ms=_WAIT_MS)
        except (ConnectionLost, DaemonUnreachable):
            if _has_ended(path):
                raise Failure("the worker has ended, so nobody can answer any more") from None
        except PenholderError as error:
            if not error.retryable:
                raise
    return asked


def _take_back(client: Client, request: Callable[[], Approval], path: Path) -> None:
    """Cancel a question whose asker does not want to know any more.

    It may be stored though its id was not heard yet: sent again under its key it is told. Of a
    worker that is stopped it is taken back by whoever ended it, and nothing is served any more.
    """
    if _has_ended(path):
        return
    with suppress(PenholderError, ConnectionLost, DaemonUnreachable):
        client.approval.cancel(request_id=request().request_id, note="interrupted")


def _has_ended(path: Path) -> bool:
    """Tell whether a daemon is there that does not serve the worker any more."""
    return not path.exists() and (path.parent.parent / "control.sock").exists()


def _tell(ended: Approval, options: Options) -> int:
    if options.json:
        output.print_json(msgspec.json.encode(ended))
    chosen = next((each for each in ended.options if each.id == ended.selected_option_id), None)
    if ended.state != "decided" or chosen is None:
        frame.note(options, "ask", f"the question is {ended.state}")
        return NOT_ANSWERED
    if ended.note:
        # Before the answer, in a pipe too, where that is written at the end.
        frame.note(options, "ask", ended.note)
    if not options.json:
        print(chosen.id)
    return DENIED if questions.denies(chosen) else 0
