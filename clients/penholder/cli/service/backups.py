"""The copies that the daily backup has made, as far as a look into their directory tells."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

CLOCK_TOLERANCE_S = 5
"""By how much a time may lie ahead that was written before."""


class Copy(msgspec.Struct, frozen=True):
    """One backup."""

    path: Path
    made_at: str
    age_s: float


def newest(state_dir: Path) -> Copy | None:
    """Return the newest backup below a state directory, if it may be seen and there is one.

    One of a time yet to come was made before the clock was set back: it is the newest where there
    is no other, and else would hide that none is made any more.
    """
    try:
        found = [
            (path.stat().st_mtime, path) for path in (state_dir / "backups").glob("penholder-*.db")
        ]
    except OSError:
        return None
    if not found:
        return None
    now = datetime.now(UTC).timestamp()
    written, path = max(found, key=lambda each: (each[0] <= now + CLOCK_TOLERANCE_S, each))
    made = datetime.fromtimestamp(written, UTC)
    return Copy(path, made.strftime("%Y-%m-%dT%H:%M:%SZ"), now - written)
