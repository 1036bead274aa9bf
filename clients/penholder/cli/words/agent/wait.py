"""`penholder agent wait`: until there is something for a person, or nothing more to come."""

from collections.abc import Sequence

import msgspec

from penholder.cli.agent import standing, starting
from penholder.cli.terminal import output
from penholder.cli.words import frame
from penholder.cli.workers import names

_WORDS = {
    standing.ASKS: "asks something: penholder inbox",
    standing.ENDED_WELL: "has ended",
    standing.ENDED_BADLY: "has ended badly: penholder agent show says how",
    standing.UNKNOWN: "was removed; how it ended is not known",
}


class _Told(msgspec.Struct):
    worker_id: str
    label: str
    code: int


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent wait words…`; returns the exit code."""
    parser = frame.parser(
        "agent wait",
        "NAME",
        "Wait until an agent is idle, asks something, or has ended.",
        ["penholder agent wait claude-1 && git diff"],
        "The exit status says which: 0 idle, with nothing sent that it has not done; 20 it asks; 21"
        " it has ended well, 22 badly; 125 where that is not known.",
    )
    frame.add_names(parser, several=False)
    frame.add_controller(parser)
    found, options = frame.read(parser, words)
    with frame.connected(options, waits=True) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        starting.require(worker)
        code = standing.wait(client, worker)
    if options.json:
        output.print_json(msgspec.json.encode(_Told(worker.worker_id, worker.label, code)))
    elif code:
        frame.note(options, "agent wait", f"{worker.label} {_WORDS[code]}")
    return code
