"""One run of the daemon, whatever ends it."""

import os
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trio

from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.running import daemon
from penholder_daemon.shell.running.daemon import Daemon
from penholder_daemon.shell.settings import Settings


def _threads() -> set[str]:
    return {each.name for each in threading.enumerate() if each.name.startswith("penholder-")}


def test_no_thread_outlives_the_database_that_it_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a bug ends the run: a writer on a closed database would crash the process."""
    seen: list[set[str]] = []

    async def fail(*_: object) -> None:
        seen.append(_threads())
        raise RuntimeError("a bug")

    monkeypatch.setattr(daemon, "tell_progress", fail)
    before = os.umask(0o077)
    os.umask(before)
    with TemporaryDirectory(prefix="ph-") as runtime_dir:
        # Its own, as paths of sockets are short.
        paths = Paths(tmp_path / "state", Path(runtime_dir))
        with pytest.raises(ExceptionGroup):
            trio.run(Daemon(paths, Settings(), Settings).run, lambda: None)
    os.umask(before)
    assert "penholder-writer" in seen[0]
    assert not {name for name in _threads() if "writer" in name or "reader" in name}
