"""The id of a host, which is a state directory: made once, kept in it, and never in the database.

A database can be put back from a copy, or be moved to another machine: who holds it there is
another host all the same.
"""

import re
import secrets
from pathlib import Path

from penholder_daemon.shell.disk import kept_lines
from penholder_daemon.shell.disk.paths import UnusablePath

_FILE = "host_id"
_MADE = re.compile(r"host_[0-9a-f]{16}")


def host_id(state_dir: Path) -> str:
    """Return the id that is kept in a state directory; makes it at the first start.

    For the holder of the directory's lock only. Raises UnusablePath where what is there is no id,
    and OSError where none can be written.
    """
    path = state_dir / _FILE
    try:
        return _read(path)
    except FileNotFoundError:
        made = f"host_{secrets.token_hex(8)}"
        # Lost in a power loss, this would be another host, with other controllers of directories.
        kept_lines.write(path, made)
        return made


def _read(path: Path) -> str:
    found = kept_lines.read(path)
    if not _MADE.fullmatch(found):
        raise UnusablePath(
            f"{path} holds no id of a host (host_ and 16 hex digits): put back what was there, or"
            " remove it, and this is a new host"
        )
    return found
