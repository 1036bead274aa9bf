"""`penholder run`: here, or on another host of the same store."""

from collections.abc import Sequence

from penholder.cli.run import command, own_words
from penholder.cli.run.arguments import parse
from penholder.cli.terminal.options import normalized


def run(words: Sequence[str]) -> int:
    """Carry out `penholder run words…`; returns the exit code."""
    arguments, options = parse(words)
    if arguments.host is not None:
        from penholder.cli.commands import up  # noqa: PLC0415 - few go elsewhere
        from penholder.cli.words import on_host  # noqa: PLC0415

        up.ensure(options)
        own = on_host.leading(normalized(own_words.split(words)[0]))
        there = ["run", *own, "--", *arguments.argv]
        on_host.go(arguments.host, options, there, terminal=arguments.pty)
    return command.begin(arguments, options)
