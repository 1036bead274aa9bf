"""`penholder agent continue`: go on with an agent that nobody runs any more."""

from collections.abc import Sequence

from penholder.cli.agent import continuing, starting
from penholder.cli.words import afar, frame
from penholder.cli.workers import names, ownership


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent continue words…`; returns the exit code."""
    parser = frame.parser(
        "agent continue",
        "NAME [PROMPT]",
        "Go on with an agent that has ended, or whose runner was killed together with its keeper.",
        ["penholder agent continue claude-1", "penholder agent continue -1 'and now the tests'"],
        "One that was not stopped goes on in the same worker, with its turn and its questions. One"
        " that was stopped is followed by another worker of that name, which goes on with its"
        " session where the agent can, and is told what was handed over (penholder agent handoff)."
        " It prints the name. One of another host of the store goes on there alone; with --here one"
        " that was stopped is followed by another here.",
    )
    frame.add_names(parser, several=False)
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help="what it is to do now")
    parser.add_argument(
        "--here", action="store_true", help="go on here with one that was stopped on another host"
    )
    frame.add_controller(parser)
    found, options = frame.read(parser, words, fence=True)
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        starting.require(worker)
        # In its own worker it can go on where its socket is, and nowhere else.
        can_move = worker.state == "stopped"
        if not (found.here and can_move):
            afar.require_here(client, worker, "agent continue", can_move=can_move)
        with ownership.held(client, options, worker.controller_id) as proof:
            fence = proof.fence if proof.lasts else None
            gone_on = continuing.go_on(client, worker, found.prompt, fence, options)
    frame.tell(options, gone_on.label, gone_on)
    return 0
