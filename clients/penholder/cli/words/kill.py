"""`penholder kill`: SIGKILL for a command and its group, or another signal.

The runner sends it, which knows whether the number still means its command. A worker that no
`penholder run` made has no runner: it can only be ended, by the daemon.
"""

import re
import signal
from collections.abc import Sequence

import msgspec

from penholder.blocking import Client
from penholder.cli.run import asking
from penholder.cli.run.asking import NoRunner, RunnerRefused
from penholder.cli.terminal.failures import NOT_IN_THIS_STATE, Failure, Usage
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.text import printable
from penholder.cli.words import acting, afar, frame
from penholder_protocol.nouns import Worker


class _Done(msgspec.Struct):
    ok: bool


def run(words: Sequence[str]) -> int:
    """Carry out `penholder kill words…`; returns the exit code."""
    parser = frame.parser(
        "kill",
        "NAME … [-s SIGNAL]",
        "End commands at once, with all of their process groups.",
        ["penholder kill make-1", "penholder kill -s HUP api"],
        "It is not started again. With -s the process group gets this signal and nothing else"
        " happens: what ends by it is started again where the policy says so. A worker that"
        " penholder run did not make is stopped by force: SIGTERM, and SIGKILL 5 s later.",
    )
    frame.add_names(parser, several=True)
    parser.add_argument(
        "-s", "--signal", default="KILL", metavar="SIGNAL", help="its name or number; default KILL"
    )
    frame.add_controller(parser)
    found, options = frame.read(parser, _with_signal(words))
    number = signal_of(found.signal)

    def act(client: Client, worker: Worker) -> Worker:
        acting.require_living(worker)
        if number == signal.SIGKILL:
            _kill(client, worker, options)
        else:
            _send(client, worker, number)
        return worker

    with frame.connected(options) as client:
        return acting.on_each("kill", client, found.names, options, act, found.controller)


def _with_signal(words: Sequence[str]) -> list[str]:
    """Read `-15` and `-HUP` as the shell's own kill does; raises Usage for `-1` beside names.

    Alone `-1` is the newest worker, as everywhere. Beside a name it may be meant as SIGHUP.
    """
    read = [word for each in words for word in _as_signal(each)]
    if "-1" in read and any(not word.startswith("-") for word in read):
        raise Usage("-1 is the newest worker here, no signal: for SIGHUP say -s HUP")
    return read


def _as_signal(word: str) -> list[str]:
    is_signal = re.fullmatch(r"-(?!1$)(?:[0-9]+|[A-Z][A-Z0-9+]+)", word) is not None
    return ["-s", word[1:]] if is_signal else [word]


def signal_of(text: str) -> int:
    """Read a signal: HUP, SIGHUP, hup or 1; raises Usage."""
    name = "SIG" + text.upper().removeprefix("SIG")
    if name in signal.Signals.__members__:
        return signal.Signals[name]
    if text.isascii() and text.isdigit() and len(text) < 4 and int(text) in signal.valid_signals():
        return int(text)
    raise Usage(f"-s {printable(text)!r} is no signal: a name such as HUP or TERM, or a number")


def _name_of(number: int) -> str:
    named = {each.value: each.name.removeprefix("SIG") for each in signal.Signals}
    return named.get(number, str(number))


def _kill(client: Client, worker: Worker, options: Options) -> None:
    before = client.journal.position().pos
    asking.wake(worker)
    try:
        asking.ask(worker, _Done, kind="kill")
    except NoRunner:
        client.worker.stop(worker_id=worker.worker_id, force=True)
    except RunnerRefused:
        # It has ended by itself, and is about to say so.
        pass
    acting.wait_ended(client, worker, before, options, is_killed=True)


def _send(client: Client, worker: Worker, number: int) -> None:
    if afar.is_elsewhere(worker):
        # Never with its number: here that is another process.
        words = f"kill -s {_name_of(number)} {worker.worker_id}"
        raise Failure(
            f"{printable(worker.label)} got no signal: it runs on {afar.host_of(client, worker)};"
            f" {afar.way(client, worker, words)}"
        )
    asking.wake(worker)
    try:
        asking.ask(worker, _Done, kind="signal", number=number)
    except NoRunner as error:
        pid = worker.runtime_pid
        raise Failure(f"{error}; kill -{number} {pid} sends the signal to its process") from None
    except RunnerRefused as error:
        raise Failure(
            f"{printable(worker.label)} got no signal: {error}", NOT_IN_THIS_STATE
        ) from None
