"""`penholder agent diff`: what an agent changed, from the commit that it began at."""

import sys
from collections.abc import Sequence

import msgspec

from penholder.cli.agent import starting, worktrees
from penholder.cli.terminal import output
from penholder.cli.terminal.failures import Failure
from penholder.cli.terminal.text import printable
from penholder.cli.words import frame
from penholder.cli.words.printing import visible
from penholder.cli.workers import names


class _Told(msgspec.Struct):
    worker_id: str
    has_own_worktree: bool
    diff: str


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent diff words…`; returns the exit code."""
    parser = frame.parser(
        "agent diff",
        "NAME [--stat]",
        "Show what an agent changed since it began: commits, changes, new files.",
        ["penholder agent diff claude-1", "penholder agent diff -1 --stat"],
        "An agent without a worktree of its own works where others do, and what they changed is"
        " shown as well; that is said on stderr.",
    )
    frame.add_names(parser, several=False)
    parser.add_argument("--stat", action="store_true", help="only which files, and how much")
    frame.add_controller(parser)
    found, options = frame.read(parser, words)
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        worker = names.resolve(client, found.name, controller_id)
        starting.require(worker)
        place = worktrees.kept(client, worker.worker_id)
    name = printable(worker.label)
    if place is None:
        raise Failure(f"{name} did not begin in a git repository: there is nothing to compare with")
    if not place.is_own:
        text = f"{name} has no worktree of its own; what others changed there is shown as well"
        frame.note(options, "agent diff", text)
    diff = worktrees.diff(place, stat=found.stat)
    if options.json:
        told = _Told(worker.worker_id, place.is_own, diff.decode("utf-8", "replace"))
        output.print_json(msgspec.json.encode(told))
    else:
        _print(diff)
    return 0


def _print(content: bytes) -> None:
    out = sys.stdout.buffer
    if sys.stdout.isatty():
        content = b"".join(visible(line) for line in content.splitlines(keepends=True))
    out.write(content)
    out.flush()
