"""`penholder watch` beside a real daemon, which is killed and comes back."""

import json
import signal
import sys
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, Json, make_worker
from tests.helpers.programs import Running, StartProgram, penholder, wait_gone
from tests.helpers.puppet import puppet
from tests.helpers.waiting import until


def watch(start_program: StartProgram, daemon: DaemonProcess, *words: str) -> Running:
    """Start to watch; it does when this returns, since it tells the question that was open."""
    with daemon.connect() as control:
        worker_id = make_worker(control, label="first", worker_id="first")
        control.call("approval.request", worker_id=worker_id, message="Are you there?")
    running = start_program("watch", "--json", *words)
    assert json.loads(running.line())["text"] == "Are you there?"
    return running


def told(running: Running) -> tuple[str, str, str]:
    """Return what is told next."""
    fact: Json = json.loads(running.line())
    return fact["kind"], fact["name"], fact["text"]


def seated(daemon: DaemonProcess, worker_id: str) -> str:
    """Return where a worker's process connects."""
    return str(daemon.runtime_dir / "workers" / f"{worker_id}.sock")


def test_questions_failures_and_losses_are_told_once(
    daemon: DaemonProcess, start_program: StartProgram
) -> None:
    running = watch(start_program, daemon)
    penholder(daemon, "run", "--controller", "c", "--label", "bad", "--", "sh", "-c", "exit 3")
    penholder(daemon, "run", "--controller", "c", "--label", "good", "--", "true")
    with daemon.connect() as control:
        worker_id = make_worker(control, label="lost", worker_id="lost")
        with puppet(seated(daemon, worker_id)) as process:
            process.call("runtime.attach")
            process.call("worker.transition", '{"to":"running"}')
            process.call("approval.request", '{"message":"May I?"}')
            pid = process.process.pid
        until(lambda: control.call("worker.get", worker_id="lost")["state"] == "error")
        control.call("worker.transition", worker_id="first", to="error", last_error="no luck")
    assert told(running) == ("failure", "bad", "exit status 3")
    assert told(running) == ("question", "lost", "May I?")
    assert told(running) == ("failure", "lost", f"process {pid} is gone")
    assert told(running) == ("failure", "first", "no luck")


def test_it_goes_on_over_restarts_without_gap_or_double(
    daemon: DaemonProcess, start_program: StartProgram
) -> None:
    running = watch(start_program, daemon)
    for number in range(3):
        daemon.restart()
        with daemon.connect() as control:
            for part in "ab":
                control.call("approval.request", worker_id="first", message=f"{number}{part}")
    expected = [f"{number}{part}" for number in range(3) for part in "ab"]
    assert [told(running)[2] for _ in expected] == expected


def test_a_worker_that_was_stopped_has_not_failed(
    daemon: DaemonProcess, start_program: StartProgram
) -> None:
    running = watch(start_program, daemon)
    with daemon.connect() as control:
        make_worker(control, label="stopped", worker_id="stopped")
        with puppet(seated(daemon, "stopped")) as process:
            process.call("runtime.attach")
            control.call("worker.stop", worker_id="stopped")
        until(lambda: not control.call("runtime.status", worker_id="stopped")["attached"])
        control.call("approval.request", worker_id="first", message="next")
    assert told(running) == ("question", "first", "next")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give where the clients' configuration is, which is not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "penholder" / "penholder.toml"
    file.parent.mkdir()
    return file


@pytest.mark.parametrize(
    ("flags", "setting"), [(("--stall-after", "0.5s"), "3600"), ((), "0.5")], ids=["flag", "file"]
)
def test_silence_is_told(
    settings: Path,
    daemon: DaemonProcess,
    start_program: StartProgram,
    flags: tuple[str, ...],
    setting: str,
) -> None:
    settings.write_text(f"stall_after_s = {setting}\n")
    with daemon.connect() as control:
        worker_id = make_worker(control, label="quiet", worker_id="quiet")
        with puppet(seated(daemon, worker_id)) as process:
            process.call("runtime.attach")
            process.call("worker.transition", '{"to":"running"}')
            running = start_program("watch", "--json", *flags)
            kind, name, text = told(running)
            assert (kind, name, text[:14]) == ("silence", "quiet", "no output for ")


@pytest.mark.parametrize("word", ["ps", "top", "watch"])
def test_settings_that_cannot_be_read_are_told_by_who_tells_of_silence(
    settings: Path, daemon: DaemonProcess, word: str
) -> None:
    settings.write_text("stall_after = 5\n")
    ran = penholder(daemon, word)
    assert (ran.code, ran.out) == (1, "")
    assert f"{settings}: unknown setting stall_after; did you mean stall_after_s?" in ran.err


def test_one_controllers_workers_only(daemon: DaemonProcess, start_program: StartProgram) -> None:
    running = watch(start_program, daemon, "--controller", "c")
    with daemon.connect() as control:
        control.call("controller.register", controller_id="d", label="d", workspace_key="/d")
        other = make_worker(control, controller_id="d", label="other")
        control.call("approval.request", worker_id=other, message="not for you")
        control.call("approval.request", worker_id="first", message="for you")
        penholder(daemon, "run", "--controller", "d", "--label", "e", "--", "false")
        penholder(daemon, "run", "--controller", "c", "--label", "f", "--", "false")
    assert told(running) == ("question", "first", "for you")
    assert told(running) == ("failure", "f", "exit status 1")


def test_a_program_hears_each(
    daemon: DaemonProcess, start_program: StartProgram, tmp_path: Path
) -> None:
    script = tmp_path / "tell me.py"
    script.write_text(
        "import os, sys\n"
        f"with open({str(tmp_path / 'out')!r}, 'a') as file:\n"
        "    print(sys.argv[1:], os.environ['PENHOLDER_WATCH_TEXT'], sys.stdin.read(), file=file)\n"
    )
    running = watch(start_program, daemon, "--exec", f"{sys.executable} '{script}' 'two words'")
    with daemon.connect() as control:
        control.call("approval.request", worker_id="first", message="$(reboot)")
    told(running)
    out = tmp_path / "out"
    until(lambda: out.exists() and "$(reboot)" in out.read_text())
    assert out.read_text().startswith("['two words'] Are you there? {")


def test_sigterm_ends_it_with_what_it_runs(
    daemon: DaemonProcess, start_program: StartProgram, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    line = f"sh -c 'echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 1000'"
    running = watch(start_program, daemon, "--exec", line)
    until(pid.exists)
    running.signal(signal.SIGTERM)
    assert running.end().code == 128 + signal.SIGTERM
    wait_gone(int(pid.read_text()))


def test_ctrl_c_ends_it(daemon: DaemonProcess, start_program: StartProgram) -> None:
    running = watch(start_program, daemon)
    running.signal(signal.SIGINT)
    ran = running.end()
    assert (ran.code, ran.out, ran.err) == (130, "", "")


def test_it_ends_when_nobody_reads(daemon: DaemonProcess, start_program: StartProgram) -> None:
    running = watch(start_program, daemon)
    assert running.process.stdout is not None
    running.process.stdout.close()
    assert running.process.wait(timeout=30) == 128 + signal.SIGPIPE


def test_the_desktop_is_notified(
    daemon: DaemonProcess, start_program: StartProgram, tmp_path: Path
) -> None:
    """By a program of that name: the real one needs a desktop."""
    program = tmp_path / "notify-send"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"with open({str(tmp_path / 'new')!r}, 'w') as file:\n    file.write(repr(sys.argv[1:]))\n"
        f"os.rename({str(tmp_path / 'new')!r}, {str(tmp_path / 'out')!r})\n"
    )
    program.chmod(0o755)
    path = f"import os; os.environ['PATH'] = {str(tmp_path)!r} + ':' + os.environ['PATH']"
    with daemon.connect() as control:
        worker_id = make_worker(control, label="<b>&")
        control.call("approval.request", worker_id=worker_id, message="\\074b\\076 <i>?")
    start_program("watch", "--notify", first=path)
    until((tmp_path / "out").exists)
    assert (tmp_path / "out").read_text() == repr(
        ["--app-name=penholder", "--urgency=normal", "--", "Penholder: a question",
         "&lt;b&gt;&amp;\n\\\\074b\\\\076 &lt;i&gt;?"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("--exec", "'unclosed"), 2, "cannot be split into words"),
        (("--exec", " "), 2, "there is no command"),
        (("--exec", "no-such-program -x"), 1, "there is no program 'no-such-program' on PATH"),
        (("--stall-after", "0"), 2, "everybody is silent"),
        (("--stall-after", "soon"), 2, "is no duration"),
        (("--format", "csv"), 2, "watch prints lines or JSON lines"),
        (("--controller", "nobody"), 3, "no controller 'nobody'"),
        (("make-1",), 2, "unexpected argument 'make-1'"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    daemon: DaemonProcess, words: tuple[str, ...], code: int, error: str
) -> None:
    ran = penholder(daemon, "watch", *words)
    assert (ran.code, ran.out) == (code, "")
    assert error in ran.err


def test_without_notify_send_that_is_said(daemon: DaemonProcess, tmp_path: Path) -> None:
    ran = penholder(daemon, "watch", "--notify", PATH=str(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    assert "libnotify-bin" in ran.err
