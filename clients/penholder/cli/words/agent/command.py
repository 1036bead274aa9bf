"""`penholder agent VERB …`: which verb it is."""

from collections.abc import Callable, Sequence
from importlib import import_module
from keyword import iskeyword

from penholder.cli.terminal import helping
from penholder.cli.terminal.failures import USAGE, Usage
from penholder.cli.terminal.options import nearest

VERBS = {
    "start": "start an agent, and show what it does until its turn ends",
    "send": "send an agent a prompt; it is taken when those before it are done",
    "cancel": "end the turn that an agent is at",
    "wait": "wait until an agent is idle, asks, or has ended",
    "show": "print the conversation with an agent, tokens and cost",
    "diff": "show what an agent changed",
    "handoff": "write down how an agent stands, for whoever goes on",
    "continue": "go on with an agent that has ended, or that nobody runs any more",
    "import": "read session files of agents that ran elsewhere",
    "probe": "say which agents are there, what they can do, what is missing",
}


def run(words: Sequence[str]) -> int:
    """Carry out `penholder agent words…`; returns the exit code."""
    if not words or words[0] in ("--help", "-h"):
        print(_help())
        return 0 if words else USAGE
    verb = words[0]
    if verb not in VERBS:
        raise Usage(f"penholder agent has no verb {verb!r}{nearest(verb, VERBS)}")
    name = f"{verb}_" if iskeyword(verb) else verb
    carry_out: Callable[[Sequence[str]], int] = import_module(
        f"penholder.cli.words.agent.{name}"
    ).run
    return carry_out(words[1:])


def _help() -> str:
    usage = "usage: penholder agent VERB …"
    more = "penholder agent VERB --help says more; what answers its questions is penholder inbox."
    listed = [*helping.wrapped(usage), "", "verbs:", *helping.listed(VERBS), ""]
    return "\n".join([*listed, *helping.wrapped(more)])
