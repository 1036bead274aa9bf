"""`penholder agent send`: another turn."""

import sys
from collections.abc import Sequence

import msgspec

from penholder.blocking import Client
from penholder.cli.agent import starting, told, turns
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.text import printable
from penholder.cli.words import frame
from penholder.cli.words.acting import require_living
from penholder.cli.workers import names, ownership, stream
from penholder_protocol.nouns import Worker

_STDIN = "-"
_CANNOT = 6
_MAX_BYTES = 250_000


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent send words…`; returns the exit code."""
    parser = frame.parser(
        "agent send",
        "NAME PROMPT",
        "Send an agent a prompt: a turn of its own, after those that were sent before.",
        ["penholder agent send claude-1 'now the documentation'", "penholder agent send -1 - < it"],
        "It is stored before this returns, and is taken once, whatever is restarted or killed"
        " meanwhile. It prints the turn's name. - reads the prompt from stdin.",
    )
    frame.add_names(parser, several=False)
    parser.add_argument("prompt", metavar="PROMPT", help="what it is to do; - reads stdin")
    parser.add_argument(
        "--steer",
        action="store_true",
        help="within the turn that runs, before what waits; the next turn where none runs",
    )
    frame.add_controller(parser)
    found, options = frame.read(parser, words, fence=True)
    prompt = _read() if found.prompt == _STDIN else found.prompt
    if not prompt.strip():
        raise Usage("the prompt is empty; say what the agent is to do")
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        starting.require(worker)
        require_living(worker)
        if found.steer:
            _require_steerable(client, worker)
        kind = told.STEER if found.steer else turns.TEXT
        with ownership.held(client, options, worker.controller_id) as proof:
            sent = client.worker.send(
                worker_id=worker.worker_id, kind=kind, data={"text": prompt}, fence=proof.fence
            )
    frame.tell(options, f"{worker.label} turn-{sent.seq}", sent)
    return 0


def _require_steerable(client: Client, worker: Worker) -> None:
    can_steer = False
    for entry in stream.entries(client, [stream.of_worker(worker.worker_id)], [told.OPENED]):
        can_steer = msgspec.json.decode(entry.data, type=told.Opened).can_steer
    if not can_steer:
        name = printable(worker.label)
        raise Failure(
            f"{name} cannot be told anything within a turn: its agent speaks version 1 of the"
            " protocol and does not say that it has the extension for that; without --steer it is"
            f" the next turn, and penholder agent cancel {name} ends this one",
            _CANNOT,
        )


def _read() -> str:
    content = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise Failure(
            f"a prompt has at most {_MAX_BYTES} bytes; put more into a file and name that"
        )
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Failure(f"the prompt on stdin is not UTF-8: {error}") from None
