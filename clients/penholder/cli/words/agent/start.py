"""`penholder agent start`: from nothing to an agent at work."""

import argparse
from collections.abc import Sequence

from penholder.cli.agent import launchers, starting
from penholder.cli.agent.starting import Wanted
from penholder.cli.commands import up
from penholder.cli.run import naming
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.options import Parser, normalized
from penholder.cli.words import frame
from penholder.cli.words.agent import following

_MORE = """\
Without --launcher it is the setting default_launcher, else the only agent found on PATH. Its
updates are shown until its turn ends; the exit status is 0 where it ended well, 22 where not.
Ctrl-C cancels the turn, a second one leaves the agent to itself. It goes on after this terminal in
any case: penholder agent send gives it more to do, penholder stop ends it. What it asks is a
question of penholder inbox, whatever is restarted or killed meanwhile."""
_LONGEST_S = 30 * 86_400


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent start words…`; returns the exit code."""
    found, options = frame.read(_parser(), words, fence=True)
    _check_worktree(words, found.worktree, found.prompt)
    if found.host is not None:
        from penholder.cli.words import on_host  # noqa: PLC0415 - few go elsewhere

        up.ensure(options)
        end = words.index("--") if "--" in words else len(words)
        there = ["agent", "start", *on_host.leading(normalized(words[:end])), *words[end:]]
        on_host.go(found.host, options, there)
    if found.name is not None:
        naming.check(found.name)
    wanted = Wanted(
        prompt=found.prompt,
        name=found.name,
        cwd=found.cwd,
        controller=found.controller,
        model=found.model,
        mode=found.mode,
        worktree=found.worktree,
        answer_within_s=found.answer_within_s,
        turn_within_s=found.turn_within_s,
        cancel_grace_s=found.cancel_grace_s,
        open_within_s=found.open_within_s,
        ask_again_s=found.ask_again_s,
    )
    worker = starting.start(launchers.choose(found.launcher), wanted, options)
    waits = not found.detach and found.prompt is not None
    if options.json or not waits:
        frame.tell(options, worker.label, worker)
    if not waits:
        return 0
    with frame.connected(options, waits=True) as client:
        return following.follow(client, worker, shows=not options.json)


def _check_worktree(words: Sequence[str], branch: str | None, prompt: str | None) -> None:
    """Refuse a word that may be the branch or the prompt; either is made of it without a word."""
    if branch and prompt is None and f"--worktree={branch}" not in words:
        raise Usage(
            f"--worktree {branch!r}: that may be its branch or the prompt; write --worktree=BRANCH"
            " for the branch, and the prompt before --worktree"
        )


def _parser() -> Parser:
    parser = frame.parser(
        "agent start",
        "[PROMPT] [--launcher NAME] [-d] [--name NAME] …",
        "Start an agent as a worker, and give it something to do.",
        [
            "penholder agent start 'make the tests pass'",
            "penholder agent start -d --launcher gemini --name docs 'write the tutorial'",
        ],
        _MORE,
    )
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help="what it is to do first")
    parser.add_argument("--launcher", metavar="NAME", help="which agent; see agent probe")
    parser.add_argument(
        "-d", "--detach", action="store_true", help="return when it takes prompts; print its name"
    )
    parser.add_argument("--name", metavar="NAME", help="1 to 64 of A-Za-z0-9._-")
    parser.add_argument("--cwd", metavar="DIR", help="where it works; default: here")
    parser.add_argument(
        "--worktree",
        nargs="?",
        const="",
        metavar="BRANCH",
        help="in a git worktree of its own, on a new branch; default penholder/NAME. Write"
        " --worktree=BRANCH, as a word after it may be the prompt",
    )
    parser.add_argument("--controller", metavar="ID", help="whose it is; default: the directory's")
    parser.add_argument("--host", metavar="NAME", help="on that host of the daemon's store")
    parser.add_argument("--model", metavar="ID", help="a model that the agent offers")
    parser.add_argument("--mode", metavar="ID", help="a mode that the agent offers")
    _add_times(parser)
    return parser


def _add_times(parser: Parser) -> None:
    group = parser.add_argument_group("how long it may take")
    group.add_argument(
        "--answer-within-s",
        type=_seconds,
        metavar="S",
        help="a question that nobody answers is denied after so long; default: it waits",
    )
    group.add_argument(
        "--turn-within-s",
        type=_seconds,
        metavar="S",
        help="a turn is canceled after so long; default: never",
    )
    group.add_argument(
        "--cancel-grace-s",
        type=_seconds,
        default=10.0,
        metavar="S",
        help="what it gets to end a turn that was canceled; then its process is ended; default 10",
    )
    group.add_argument(
        "--open-within-s",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="what it gets from its start to an open session; default 60",
    )
    group.add_argument(
        "--ask-again-s",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="after an interruption a question is canceled that it has not asked again by then;"
        " default 60",
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"must be more than 0 and at most {_LONGEST_S}")
    return seconds
