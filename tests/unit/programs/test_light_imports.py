"""What the daemon imports: nothing large that it never uses, and others find what it leaves."""

import subprocess
import sys

HEAVY = {"rich", "pygments", "asyncio", "prometheus_client", "textual", "multiprocessing"}
_SHOWN = "import sys, penholder_daemon.main; print(*sys.modules)"
_USED = (
    "import penholder_daemon.main, structlog, structlog.stdlib, asyncio, rich;"
    " assert asyncio.run(asyncio.sleep(0, 7)) == 7;"
    " assert structlog.stdlib.asyncio.get_event_loop_policy is asyncio.get_event_loop_policy"
)


def _run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_daemon_imports_nothing_large_that_it_never_uses() -> None:
    assert HEAVY & set(_run(_SHOWN).split()) == set()


def test_what_was_left_out_is_there_for_who_wants_it() -> None:
    _run(_USED)
