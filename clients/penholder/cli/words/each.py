"""The same act on several workers: all are tried, and the first failure is the exit status."""

from collections.abc import Callable, Iterable

from penholder.cli.terminal import failures
from penholder.cli.terminal.text import printable
from penholder_protocol.nouns import Worker

Act = Callable[[Worker], None]


def act_on(workers: Iterable[Worker], act: Act, word: str, *, as_json: bool = False) -> int:
    """Act on each, and print the name of each that it was done to; returns the exit code."""
    first_failure = 0
    for worker in workers:
        try:
            act(worker)
        except failures.EXPECTED as error:
            name = f"penholder {word}: {printable(worker.label)}"
            code = failures.report(error, as_json=as_json, command=name)
            first_failure = first_failure or code
        else:
            print(printable(worker.label), flush=True)
    return first_failure
