"""How long it takes to move in with 100,000 events, and out and in again as JSON lines."""

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import moving_source

EVENTS = 100_000
LIMIT_S = 30
_WORKERS = 20


def _timed(what: str, state_dir: Path, *words: str) -> None:
    command = [sys.executable, "-m", "penholder_daemon.moving", *words]
    begun = time.perf_counter()
    subprocess.run([*command, "--state-dir", str(state_dir)], check=True, capture_output=True)
    taken = time.perf_counter() - begun
    print(f"{what:28} {taken:6.2f} s   {EVENTS / taken:9,.0f} events/s   (limit: {LIMIT_S} s)")


def main() -> None:
    """Import of 100,000 events of subagent-cli, the same again, export, import of the export."""
    with TemporaryDirectory(prefix="ph-bench-") as name:
        directory = Path(name)
        source, lines = directory / "state.db", directory / "export.jsonl"
        moving_source.create(source, workers=_WORKERS, events=EVENTS)
        first, second = directory / "first", directory / "second"
        _timed("import subagent-cli", first, "import", "subagent-cli", str(source))
        _timed("import subagent-cli again", first, "import", "subagent-cli", str(source))
        _timed("export", first, "export", str(lines))
        _timed("import jsonl", second, "import", "jsonl", str(lines))
