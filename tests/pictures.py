"""`python -m tests.pictures [FOLDER]`: pictures of real runs, for the docs (`make pictures`).

A daemon is started in a directory of its own, and `penholder run` with what people might run; two
of them are hostile. What `penholder top` then shows is the picture, as Textual exports it.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from penholder.cli.top.app import Top
from penholder.cli.top.feed.feed import Feed
from penholder.cli.top.model.acts import Host
from penholder.cli.top.model.records import Key
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import PENHOLDER, environment

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
SIZE = (100, 30)
_PATIENCE_S = 60.0
_QUESTION = (
    "May I run `rm -rf build && make`? It removes what was built before, [red]all of it[/red]."
)
WORKERS = {
    "api-tests": f"echo 'collected 214 items'; {PENHOLDER} approval request"
    f" --message '{_QUESTION}' > /dev/null; sleep 600",
    "build": 'for n in 1 2 3 4 5 6 7; do echo "[ 4$n%] Building CXX object src/file$n.o";'
    " done; echo 'warning: unused variable' >&2; sleep 600",
    "crawl": "echo 'GET https://example.org/'; echo 'no route to host' >&2; exit 3",
    "[red]evil[/red]": "printf '\\033[2J\\033]0;owned\\007 \\342\\200\\256txt.exe\\n'; sleep 600",
}
"""Labels, and what is run; the last lines are what the picture waits for."""
_LAST = ("collected 214 items", "warning: unused variable", "no route to host", "txt.exe")


def draw(folder: Path) -> Path:
    """Draw all pictures into a folder; returns the one of top."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="ph-", dir="/tmp")))
        daemon = DaemonProcess(directory)
        daemon.start()
        stack.callback(daemon.end)
        _register(daemon)
        for label, script in WORKERS.items():
            stack.enter_context(_running(daemon, label, script))
        return _write(folder, asyncio.run(_picture(daemon)))


def _register(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        control.call(
            "controller.register", controller_id="shop", label="~/shop", workspace_key="/shop"
        )


def _running(daemon: DaemonProcess, label: str, script: str) -> "_Ended":
    words = ["run", "--controller", "shop", "--label", label, "--quiet", "--", "sh", "-c", script]
    return _Ended(subprocess.Popen([PENHOLDER, *words], env=environment(daemon)))


class _Ended:
    """A process that is ended with its block."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def __enter__(self) -> None:
        """Let it run."""

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(_PATIENCE_S)


async def _picture(daemon: DaemonProcess) -> str:
    host = Host("here", str(daemon.control_socket))
    feed = Feed([host])
    top = Top([host], feed, colours=True, environment={})
    try:
        async with top.run_test(size=SIZE) as pilot:
            for _ in range(int(_PATIENCE_S / 0.1)):
                await pilot.pause(0.1)
                if _is_complete(top):
                    break
            build = next(each.key for each in top.fleet.workers.values() if each.label == "build")
            await pilot.press("tab")
            top.desk.choose_worker(Key(host.name, build.id))
            for _ in range(int(_PATIENCE_S / 0.1)):
                await pilot.pause(0.1)
                if top.fleet.tail is not None and top.fleet.tail.is_read:
                    break
            await pilot.press("tab", "shift+tab")
            return top.export_screenshot(title="penholder top")
    finally:
        feed.close()


def _is_complete(top: Top) -> bool:
    lines = [each.last_text or "" for each in top.fleet.workers.values()]
    has_ended = any(not each.is_living and each.ended_as for each in top.fleet.workers.values())
    return (
        bool(top.fleet.questions)
        and has_ended
        and all(any(last in line for line in lines) for last in _LAST)
    )


def _write(folder: Path, svg: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "top.svg"
    # Nothing is loaded from elsewhere: a picture in a page must not tell who looks at it.
    own = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    own = re.sub(r"[ \t]+$", "", own, flags=re.MULTILINE)
    ElementTree.fromstring(own)  # noqa: S314 - ours; raises where it is no XML
    path.write_text(own, "utf-8")
    return path


def main(words: Sequence[str]) -> int:
    """Draw all pictures; returns the exit code."""
    print(draw(Path(words[0]) if words else FOLDER))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
