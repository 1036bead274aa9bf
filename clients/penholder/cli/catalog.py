"""The commands beside the rooms: what each is for, and where it is. One is added here.

Only the module of the command that is called is imported.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

Run = Callable[[Sequence[str]], int]


BRIDGED = "bridged"
"""Here, connected with the daemon there."""
THERE, TERMINAL = "there", "terminal"
"""On the other machine; with a terminal of its own."""
HERE = "here"
"""Only where it is said: it is about this machine."""


class Command(NamedTuple):
    """A command: the function that carries it out, as module:name, and a summary for the help."""

    function: str
    summary: str
    group: str = "daemon"
    place: str = BRIDGED
    """With --at: where it runs."""
    verbs: tuple[str, ...] = ()
    """Its own, where it has some."""

    def load(self) -> Run:
        """Import the function, which takes the command's words and returns the exit code."""
        module, _, name = self.function.partition(":")
        run: Run = getattr(import_module(f"penholder.cli.{module}"), name)
        return run


COMPLETE = "__complete"
"""What the shells call; people have no use for it."""
HIDDEN = "hidden"
GROUPS = {
    "workers": "workers",
    "daemon": "the daemon",
    "data": "its data",
    "other": "what these words themselves need",
}
"""What commands are shown under, in this order, each with its title."""

COMMANDS = {
    "run": Command(
        "words.run:run",
        "run a command as a worker: its output becomes the worker's events",
        "workers",
        place=THERE,
    ),
    "agent": Command(
        "words.agent.command:run",
        "run agents, give them things to do, see what they did",
        "workers",
        place=THERE,
        verbs=(
            "start",
            "send",
            "cancel",
            "wait",
            "show",
            "diff",
            "handoff",
            "continue",
            "import",
            "probe",
        ),
    ),
    "ps": Command(
        "words.ps:run", "list the workers that live, and what each did last", "workers", place=THERE
    ),
    "top": Command(
        "words.top:run", "see all workers live, answer what they ask, steer them", "workers"
    ),
    "logs": Command(
        "words.logs:run", "print what a worker wrote, and follow it", "workers", place=THERE
    ),
    "inbox": Command("words.inbox:run", "show what workers ask", "workers", place=THERE),
    "approve": Command(
        "words.deciding:approve", "answer a question with yes", "workers", place=THERE
    ),
    "deny": Command("words.deciding:deny", "answer a question with no", "workers", place=THERE),
    "answer": Command(
        "words.deciding:answer", "answer a question with one of its options", "workers", place=THERE
    ),
    "send": Command(
        "words.send:run",
        "send a worker a text: typed, or put into its post",
        "workers",
        place=THERE,
    ),
    "attach": Command(
        "words.attach:run",
        "attach to a worker's terminal, or look at it",
        "workers",
        place=TERMINAL,
    ),
    "wait": Command("words.wait:run", "wait until workers have ended", "workers", place=THERE),
    "stop": Command(
        "words.stop:run", "stop workers and wait until they have ended", "workers", place=THERE
    ),
    "kill": Command(
        "words.kill:run", "end commands at once, or send them a signal", "workers", place=THERE
    ),
    "restart": Command("words.restart:run", "start commands anew, at once", "workers", place=THERE),
    "rm": Command("words.rm:run", "forget workers that have ended", "workers", place=THERE),
    "inspect": Command(
        "words.inspect:run", "show all there is about workers", "workers", place=THERE
    ),
    "watch": Command(
        "words.watch:run",
        "tell of questions, failures and silence, and run a program for each",
        "workers",
    ),
    "timeline": Command(
        "words.timeline:run", "draw what workers did, as a page or an image", "workers"
    ),
    "ask": Command("words.ask:run", "ask a person, from inside a worker", "workers", place=HERE),
    "mcp": Command(
        "mcp.command:run",
        "serve the fleet to an agent, as tools of the Model Context Protocol",
        "workers",
        place=HERE,
    ),
    "status": Command("commands.status:run", "say how the daemon is"),
    "up": Command(
        "commands.up:run",
        "start the daemon in the background and wait until it is ready",
        place=HERE,
    ),
    "down": Command("commands.down:run", "stop the daemon and wait until it is gone", place=HERE),
    "service": Command(
        "service.command:run",
        "let systemd keep the daemon: install, uninstall, status, logs",
        place=HERE,
        verbs=("install", "uninstall", "status", "logs"),
    ),
    "doctor": Command(
        "doctor.command:run",
        "say what is wrong with the installation, the daemon and its state, and what to do",
        place=HERE,
    ),
    "metrics": Command(
        "commands.metrics:run",
        "print the daemon's figures for Prometheus, or write them to a file",
    ),
    "tail": Command("commands.tail:run", "follow streams of the journal", "data"),
    "backup": Command(
        "commands.backup:run",
        "copy the database of the running daemon to a new file",
        "data",
        place=THERE,
    ),
    "restore": Command(
        "commands.restore:run",
        "put a backup in place of the database; the daemon must be down",
        "data",
        place=HERE,
    ),
    "import": Command(
        "commands.moving:run_import",
        "carry over what another program kept, or read an export; the daemon must be down",
        "data",
        place=HERE,
    ),
    "export": Command(
        "commands.moving:run_export",
        "write everything as JSON lines; the daemon must be down",
        "data",
        place=HERE,
    ),
    "store": Command(
        "commands.store:run",
        "move all there is from SQLite to PostgreSQL, or back, or go on from a restored PostgreSQL",
        "data",
        place=HERE,
        verbs=("move", "restored"),
    ),
    "completion": Command(
        "completion.command:run",
        "print what completes words for bash, zsh or fish",
        group="other",
        place=HERE,
    ),
    "bridge": Command(
        "commands.bridge:run",
        "connect stdin and stdout with the daemon; for --at",
        group="other",
        place=HERE,
    ),
    COMPLETE: Command("completion.command:complete", "", HIDDEN, HERE),
}


RUN = "run"
VERBS_OF_RUN = frozenset(
    (
        "create", "get", "list", "claim", "claim-next", "heartbeat", "append-event", "events",
        "finish", "cancel",
    )
)  # fmt: skip
"""A room is called run, too. Its verbs are told here, as the contract is long to read; a program
of such a name runs behind `--`, or by its path."""


def find(name: str, words: Sequence[str]) -> Command | None:
    """Return the command of that name; None if it is a room's, or nobody's."""
    if name == RUN and words and words[0].replace("_", "-") in VERBS_OF_RUN:
        return None
    return COMMANDS.get(name)
