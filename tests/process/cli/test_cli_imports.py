"""The command line stays thin: what it imports, and above all what it does not."""

import subprocess
import sys

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import TIMEOUT_S, environment

SCRIPT = """
import sys
sys.argv[0] = "penholder"
from penholder.cli.main import main
try:
    main()
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""
HEAVY = {"trio", "penholder_daemon", "apsw", "structlog", "outcome"}


def imported(daemon: DaemonProcess, *words: str) -> set[str]:
    """Run the command line and return the packages that it imported."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words],
        env=environment(daemon),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stderr.split()} | set(done.stderr.split())


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("status", "--no-json"),
        ("worker", "list", "--no-json"),
        ("worker", "--help"),
        ("worker", "create", "--help"),
        ("up",),
        ("backup",),
        ("restore", "--help"),
        ("store", "move", "--help"),
        ("doctor",),
        ("service", "status"),
        ("run", "--controller", "nobody", "--label", "l", "--", "true"),
    ],
    ids=" ".join,
)
def test_no_command_imports_trio_or_the_daemon(
    daemon: DaemonProcess, words: tuple[str, ...]
) -> None:
    assert not imported(daemon, *words) & HEAVY


@pytest.mark.parametrize("words", [("status", "--no-json"), ("ps",), ("ps", "-a")], ids=" ".join)
def test_what_is_said_all_day_imports_next_to_nothing(
    daemon: DaemonProcess, words: tuple[str, ...]
) -> None:
    unneeded = {
        "rich", "penholder.cli.contract", "penholder.cli.verbs.call", "subprocess",
        "penholder._shared.deep", "penholder.cli.terminal.meanings", "tomllib", "textual",
        "hashlib", "typing_extensions", "inspect", "dataclasses",
    }  # fmt: skip

    assert not imported(daemon, *words) & (HEAVY | unneeded)


def test_tables_import_what_they_need_only(daemon: DaemonProcess) -> None:
    assert "penholder.cli.terminal.tables" not in imported(daemon, "worker", "list")
    found = imported(daemon, "daemon", "status", "--no-json")
    assert "penholder.cli.terminal.tables" in found
    assert "rich" not in found


WITHOUT_THE_EXTRA = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name == "textual" else find(name, *rest)
sys.argv[0] = "penholder"
from penholder.cli.main import main
sys.exit(main())
"""


def test_top_says_how_its_extra_is_installed(daemon: DaemonProcess) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_EXTRA, "top"],
        env=environment(daemon),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'penholder[tui]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("top", "--help"), ("top",), ("worker", "list")], ids=" ".join)
def test_nothing_but_the_view_imports_what_draws_it(
    daemon: DaemonProcess, words: tuple[str, ...]
) -> None:
    assert not imported(daemon, *words) & {"textual", "penholder.cli.top", *HEAVY}


def test_an_agents_first_answer_waits_for_no_import(daemon: DaemonProcess) -> None:
    shake = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"x"}}\n'
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "mcp"],
        input=shake,
        env=environment(daemon),
        capture_output=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    assert b'"serverInfo"' in done.stdout
    found = {*done.stderr.decode().split()}
    unneeded = {"penholder.blocking", "penholder.cli.contract", "subprocess", "hashlib", "socket"}
    assert not found & (HEAVY | unneeded)
