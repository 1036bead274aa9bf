"""The copies that the daily backup has made, as far as a look into their directory tells."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec


class Copy(msgspec.Struct, frozen=True):
    """One backup."""

    path: Path
    made_at: str
    age_s: float


def newest(state_dir: Path) -> Copy | None:
    """Return the newest backup below a state directory, if it may be seen and there is one."""
    try:
        found = [
            (path.stat().st_mtime, path) for path in (state_dir / "backups").glob("penholder-*.db")
        ]
    except OSError:
        return None
    if not found:
        return None
    written, path = max(found)
    made = datetime.fromtimestamp(written, UTC)
    age_s = (datetime.now(UTC) - made).total_seconds()
    return Copy(path, made.strftime("%Y-%m-%dT%H:%M:%SZ"), age_s)
