"""`penholder agent import`: sessions of agents that ran elsewhere."""

from collections.abc import Sequence

import msgspec

from penholder.cli.agent import importing
from penholder.cli.terminal import failures, output
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.text import printable
from penholder.cli.words import frame
from penholder.cli.workers import ownership, scope


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent import words…`; returns the exit code."""
    parser = frame.parser(
        "agent import",
        "FILE …",
        "Read session files of agents that ran elsewhere, as workers that have ended.",
        ["penholder agent import ~/.claude/projects/*/*.jsonl"],
        "Known are the session files of claude and codex. What looks like a secret is left out, as"
        " far as it can be told. Again, it adds what is missing and doubles nothing. penholder"
        " agent show shows them.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a regular file of your own")
    frame.add_controller(parser)
    found, options = frame.read(parser, words, fence=True)
    code, all_done = 0, list[importing.Imported]()
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        owner = controller_id or scope.directory_controller(client).controller_id
        if controller_id is None:
            scope.ensure(client, scope.directory_controller(client))
        with ownership.held(client, options, owner) as proof:
            for file in found.files:
                try:
                    session = importing.read(file)
                    done = importing.put(client, session, controller_id, proof.fence)
                except (Failure, OSError) as error:
                    told = error if isinstance(error, Failure) else failures.of_system(error)
                    code = failures.report(told, as_json=bool(options.json)) or code
                else:
                    all_done.append(done)
                    if not options.json:
                        _tell(done, options)
    if options.json and (all_done or not code):
        output.print_json(msgspec.json.encode(all_done))
    return code


def _tell(done: importing.Imported, options: Options) -> None:
    print(printable(f"{done.worker.label} {done.added} events"))
    if done.skipped:
        text = f"{done.worker.label}: {done.skipped} lines were not understood"
        frame.note(options, "agent import", text)
