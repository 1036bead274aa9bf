"""A text in the person's pager, which has the terminal meanwhile."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping

_DEFAULTS = ("less", "more")


class NoPager(Exception):
    """There is none; the text says what to do."""


def command(environment: Mapping[str, str]) -> list[str]:
    """Return the words of the pager: $PAGER, else less or more; raises NoPager."""
    try:
        words = shlex.split(environment.get("PAGER", ""))
    except ValueError as error:
        raise NoPager(f"PAGER cannot be read: {error}") from None
    candidates = [words] if words else [[each] for each in _DEFAULTS]
    for each in candidates:
        if shutil.which(each[0], path=environment.get("PATH")):
            return each
    names = " nor ".join(each[0] for each in candidates)
    raise NoPager(f"there is no pager {names}: set PAGER to one")


def show(text: str, argv: list[str], environment: Mapping[str, str]) -> None:
    """Show a text until the person leaves the pager; raises NoPager where it cannot be started."""
    # Its colours and searches are its own; bytes that it does not read to the end are no failure.
    try:
        subprocess.run(argv, input=text.encode(), env=dict(environment), check=False)
    except BrokenPipeError:
        return
    except OSError as error:
        raise NoPager(f"{argv[0]} cannot be started: {error.strerror}") from None
