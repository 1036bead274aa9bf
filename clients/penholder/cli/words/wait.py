"""`penholder wait`: until workers have ended, with how they did as the exit status."""

from collections.abc import Sequence
from functools import partial

import msgspec

from penholder.blocking import Client
from penholder.cli.terminal import output
from penholder.cli.terminal.options import Options
from penholder.cli.words import afar, frame
from penholder.cli.workers import endings, names, waiting
from penholder.cli.workers.asked import Asked
from penholder_protocol.nouns import Worker

UNKNOWN = 125
"""The exit status where nobody knows how a worker ended, as of `timeout` and `docker run`."""


def run(words: Sequence[str]) -> int:
    """Carry out `penholder wait words…`; returns the exit code."""
    parser = frame.parser(
        "wait",
        "NAME …",
        "Wait until workers have ended; the exit status is that of the command.",
        ["penholder wait make-1", "penholder wait build test && penholder run deploy"],
        "128 + N if signal N ended it, 125 where that is not known. Of several it is the first"
        " that is not 0, in the order given. With a restart policy it is the last run's. What is"
        " asked meanwhile is said on stderr, with the word that answers it.",
    )
    frame.add_names(parser, several=True)
    frame.add_controller(parser)
    found, options = frame.read(parser, words)
    with frame.connected(options, waits=True) as client:
        workers = names.resolve_all(
            client, found.names, frame.controller_of(client, found.controller)
        )
        ended = [_wait(client, worker, options) for worker in workers]
    if options.json:
        output.print_json(msgspec.json.encode(ended))
    return next((each.code for each in ended if each.code), 0)


class _Ended(msgspec.Struct):
    worker_id: str
    label: str
    code: int
    how: str


def _wait(client: Client, worker: Worker, options: Options) -> _Ended:
    if afar.is_away(worker) and endings.is_living(worker):
        where = afar.host_of(client, worker)
        frame.note(options, "wait", f"{worker.label}: {where} is not heard of; waiting for it")
    asked = Asked(client, worker, partial(frame.note, options, "wait"))
    ended = waiting.until_ended(client, worker.worker_id, worker.controller_id, asked)
    ending = None if ended is None else endings.find(client, worker.worker_id)
    text = "how it ended is not known" if ending is None else ending.text
    code = UNKNOWN if ending is None else ending.code
    if code:
        frame.note(options, "wait", f"{worker.label}: {text}")
    return _Ended(worker.worker_id, worker.label, code, text)
