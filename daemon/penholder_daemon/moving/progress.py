"""A progress bar on stderr for whoever watches, and nothing for programs."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ROWS_AT_ONCE = 500


@contextmanager
def shown(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how many of `total` rows are done; the yielded function is told of more of them."""
    if not sys.stderr.isatty():
        yield lambda _rows: None
        return
    # Rich takes longer to import than a small database takes to move.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        waiting = 0

        def advance(rows: int) -> None:
            nonlocal waiting
            waiting += rows
            if waiting >= _ROWS_AT_ONCE:
                bar.advance(task, waiting)
                waiting = 0

        yield advance
        bar.advance(task, waiting)
