"""Both programs where the system refuses them something: a line that says what, no traceback."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.programs import PENHOLDER, TIMEOUT_S, environment

PENHOLDERD = str(Path(sys.executable).with_name("penholderd"))
_NO_HOME = """
import pwd, sys
def getpwuid(uid):
    raise KeyError("getpwuid(): uid not found")
pwd.getpwuid = getpwuid
from {module} import main
sys.argv = [{name!r}, *sys.argv[1:]]
raise SystemExit(main())
"""


def _sh(script: str, *words: str, **given: str) -> tuple[int, str]:
    """Run a script whose $@ are the words; returns its status and what it said on stderr."""
    own = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        ["sh", "-c", script, "sh", *words],
        env={**own, **given}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def _is_one_line(said: str, program: str) -> bool:
    return said.startswith(f"{program}: ") and said.count("\n") == 1


@pytest.mark.parametrize("buffered", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["buffered", "at once"])
@pytest.mark.parametrize(
    "words",
    [
        ["--help"], ["--version"], ["worker"], ["worker", "list", "--help"], ["status"],
        ["controller", "list"], ["worker", "list", "--no-json"], ["metrics"], ["doctor"],
        ["tail", "--after", "start"], ["tail", "--help"], ["service", "--help"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_written_on_a_full_device_is_said(
    daemon: DaemonProcess, words: Sequence[str], buffered: dict[str, str]
) -> None:
    with daemon.connect() as control:
        make_worker(control)
    given = environment(daemon)
    given.pop("PYTHONUNBUFFERED", None)
    status, said = _sh('"$@" >/dev/full', PENHOLDER, *words, **given, **buffered)
    assert status == 1
    assert _is_one_line(said, "penholder")
    assert "No space left on device" in said


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["--about"]], ids=" ".join)
def test_the_daemon_says_so_too(tmp_path: Path, words: Sequence[str]) -> None:
    given = {"HOME": str(tmp_path)}
    status, said = _sh('"$@" >/dev/full', PENHOLDERD, *words, **given)
    assert (status, _is_one_line(said, "penholderd")) == (1, True)
    assert "No space left on device" in said


@pytest.mark.parametrize(
    ("program", "words", "expected"),
    [(PENHOLDER, ["nonsense"], 2), (PENHOLDER, ["status"], 12), (PENHOLDERD, ["--nonsense"], 2)],
)
def test_a_full_standard_error_changes_no_status(
    tmp_path: Path, program: str, words: Sequence[str], expected: int
) -> None:
    given = {"HOME": str(tmp_path), "PENHOLDER_RUNTIME_DIR": str(tmp_path)}
    assert _sh('"$@" 2>/dev/full', program, *words, **given)[0] == expected


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (PENHOLDER, ["worker", "list", "--socket", "x.sock"]),
        (PENHOLDER, ["status", "--state-dir", "s", "--socket", "x.sock"]),
        (PENHOLDER, ["restore", "x.db"]),
        (PENHOLDERD, ["--state-dir", "s", "--runtime-dir", "r"]),
        (PENHOLDERD, ["--about", "--state-dir", "s", "--runtime-dir", "r"]),
    ],
)
def test_a_removed_working_directory_is_named(
    tmp_path: Path, program: str, words: Sequence[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    given = {"HOME": str(tmp_path), "PENHOLDER_RUNTIME_DIR": str(tmp_path / "run")}
    status, said = _sh(f'cd {gone} && rmdir {gone} && exec "$@"', program, *words, **given)
    assert status in (1, 78)
    assert said.count("\n") == 1
    assert "working directory" in said
    assert "has been removed" in said


def _homeless(module: str, *words: str, **given: str) -> tuple[int, str]:
    name = "penholderd" if "daemon" in module else "penholder"
    program = _NO_HOME.format(module=module, name=name)
    return _sh('exec "$@"', sys.executable, "-c", program, *words, **given)


@pytest.mark.parametrize(
    "words",
    [
        ["status"], ["worker", "list"], ["up"], ["down"], ["tail"], ["doctor"],
        ["service", "status"], ["service", "install"], ["restore", "x.db"],
        ["import", "jsonl", "x"], ["backup"], ["store", "move", "--to", "sqlite:"],
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("home", [{}, {"HOME": "relative"}], ids=["none", "relative"])
def test_without_a_home_the_command_line_says_what_to_name(
    tmp_path: Path, words: Sequence[str], home: dict[str, str]
) -> None:
    status, said = _homeless("penholder.cli.main", *words, **home)
    assert (status, _is_one_line(said, "penholder")) == (1, True)
    assert "set HOME, or name --state-dir and --runtime-dir" in said


@pytest.mark.parametrize("home", [{}, {"HOME": "relative"}], ids=["none", "relative"])
def test_without_a_home_the_daemon_says_what_to_name(home: dict[str, str]) -> None:
    status, said = _homeless("penholder_daemon.main", **home)
    assert (status, _is_one_line(said, "penholderd")) == (78, True)
    assert "set HOME, or name --state-dir and --runtime-dir" in said


@pytest.fixture
def base() -> Iterator[str]:
    """Give a directory whose name leaves room for sockets."""
    with tempfile.TemporaryDirectory(prefix="ph-", dir="/tmp") as directory:
        yield directory


def test_who_names_the_directories_needs_no_home(base: str) -> None:
    named = [f"--state-dir={base}/s", f"--runtime-dir={base}/r"]
    assert _homeless("penholder_daemon.main", "--about", *named) == (0, "")
    status, said = _homeless("penholder.cli.main", "status", *named)
    assert status == 12
    assert "no daemon answers" in said


def test_tail_ends_with_its_reader_though_nothing_comes(daemon: DaemonProcess) -> None:
    with subprocess.Popen(
        [PENHOLDER, "tail"], env=environment(daemon), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as tail:
        assert tail.stdout is not None
        tail.stdout.close()
        assert tail.wait(TIMEOUT_S) == 141
        assert tail.stderr is not None
        assert tail.stderr.read() == b""


@pytest.mark.parametrize("words", [["--json"], []], ids=["asked", "piped"])
def test_tail_prints_json_in_any_encoding(daemon: DaemonProcess, words: Sequence[str]) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        control.call("event.append", worker_id=worker_id, type="t", data={"text": "grüße 🖋"})
    command = [PENHOLDER, "tail", f"worker:{worker_id}", "--after", "start", *words]
    given = environment(daemon, PYTHONIOENCODING="ascii")
    with subprocess.Popen(command, env=given, stdout=subprocess.PIPE) as tail:
        assert tail.stdout is not None
        assert json.loads(tail.stdout.readline())["data"] == {"text": "grüße 🖋"}
        tail.terminate()


def test_an_error_is_json_in_any_encoding(daemon: DaemonProcess) -> None:
    given = environment(daemon, PYTHONIOENCODING="ascii")
    status, said = _sh('"$@"', PENHOLDER, "--json", "worker", "get", "--worker-id", "ü", **given)
    assert status == 2
    assert "ü" in json.loads(said)["error"]["message"]
