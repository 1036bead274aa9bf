"""`penholder run -d`: a command that goes on by itself, in this directory, by a name."""

import os
import signal
import stat
import sys
import threading
from pathlib import Path

import pytest

from tests.helpers.background import (
    NO_SYSTEMD,
    SLEEPS,
    Background,
    Kept,
    children_of,
    words_of,
    workers,
)
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Ran, Running, penholder, wait_gone
from tests.helpers.waiting import until


def test_it_returns_when_the_command_runs_and_prints_the_name(background: Background) -> None:
    ran = background.try_run("sh", "-c", "echo hello; exec sleep 1000")
    assert (ran.code, ran.out, ran.err) == (0, "sh-1\n", "")
    kept = Kept(background.daemon, "sh-1")
    assert kept.types()[0] == "process.started"
    kept.wait_for("output")
    assert kept.events("output")[0]["data"]["text"] == "hello"
    assert os.getsid(kept.keeper) == kept.keeper  # nobody's terminal, and no hangup of one


@pytest.mark.parametrize(
    ("program", "code", "why"),
    [("no-such-program", 127, "No such file"), ("/etc", 126, "Permission denied")],
)
def test_what_cannot_be_started_is_told_at_once(
    background: Background, program: str, code: int, why: str
) -> None:
    ran = background.try_run("--restart", "always", program)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(f"penholder: cannot run {program}: {why}")
    (worker,) = workers(background.daemon)
    assert (worker["state"], worker["last_error"]) == ("error", ran.err[11:-1])
    (failed,) = Kept(background.daemon, worker["label"]).events()
    assert (failed["type"], failed["data"]["code"]) == ("process.failed", code)


def test_a_directory_that_is_not_there_makes_no_worker(background: Background) -> None:
    ran = background.try_run("--cwd", "/no/such/place", "true")
    assert (ran.code, ran.err) == (
        1,
        "penholder: --cwd /no/such/place: No such file or directory\n",
    )
    assert workers(background.daemon) == []


def test_it_runs_in_the_directory_that_was_said(background: Background, tmp_path: Path) -> None:
    script = tmp_path / "here"
    script.write_text("#!/bin/sh\npwd\n")
    script.chmod(0o755)
    kept = background.run("--cwd", str(tmp_path), "./here")
    kept.wait_for("output")
    assert kept.events("output")[0]["data"]["text"] == str(tmp_path.resolve())
    assert kept.record()["cwd"] == str(tmp_path.resolve())


def test_a_value_that_is_passed_by_name_is_nowhere_but_with_the_command(
    background: Background, short_dir: Path
) -> None:
    value = "told-to-nobody-else"
    script = 'echo "$OPEN"; [ "$HIDDEN" = "$0" ] && echo known; exec sleep 1000'
    kept = background.run(
        "--env", "OPEN=plain", "--env", "HIDDEN", "sh", "-c", script, value[::-1], HIDDEN=value
    )
    kept.wait_for("output")
    started = kept.events("process.started")[0]["data"]
    assert started["env"] == ["OPEN", "HIDDEN"]
    assert kept.record()["env"] == {"OPEN": "plain"}
    assert kept.events("output")[0]["data"]["text"] == "plain"
    for pid in (kept.keeper, kept.runner, *children_of(kept.runner)):
        assert value not in words_of(pid)
    with background.daemon.connect() as control:
        assert value not in str(control.call("journal.read", streams=["*"]))
    assert [path.name for path in (short_dir / "run" / "runners").iterdir()] == [
        f"{kept.worker_id}.sock"
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("MISSING_HERE", "no such variable here"),
        ("=x", "NAME has 1 to"),
        ("", "NAME has 1 to"),
        ("PENHOLDER_SOCKET=/x", "sets that itself"),
        ("PENHOLDER_FENCE", "sets that itself"),
        ("A=\udcff", "must be UTF-8"),
    ],
)
def test_variables_that_cannot_be_are_refused(background: Background, given: str, why: str) -> None:
    ran = background.try_run("--env", given, "true")
    assert (ran.code, why in ran.err) == (2, True), ran.err
    assert workers(background.daemon) == []


def test_its_files_are_its_users_alone(background: Background, short_dir: Path) -> None:
    kept = background.run(*SLEEPS)
    os.kill(kept.runner, signal.SIGKILL)
    kept.wait_ended()
    log = short_dir / "state" / "runners" / f"{kept.worker_id}.log"
    until(log.exists, "nothing was logged")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700
    assert "the runner ended with -9 before its time" in log.read_text()


def test_its_worker_is_the_directorys_and_nobodys(background: Background, tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    for place in (first, second):
        place.mkdir()
        running = Running(
            background.daemon, "run", "-d", "true",
            first=f"os.chdir({str(place)!r}); os.environ['XDG_RUNTIME_DIR'] = ''",
        )  # fmt: skip
        assert running.end().out == b"true-1\n".decode()
    found = workers(background.daemon)
    assert {worker["label"] for worker in found} == {"true-1"}
    with background.daemon.connect() as control:
        labels = [
            control.call("controller.get", controller_id=worker["controller_id"])["label"]
            for worker in found
        ]
    assert labels == [str(second.resolve()), str(first.resolve())]


def test_a_daemon_is_started_where_there_is_none(short_dir: Path) -> None:
    nowhere = DaemonProcess(short_dir)
    ran = penholder(nowhere, "run", "--", "sh", "-c", "echo here", **NO_SYSTEMD)
    try:
        assert (ran.code, ran.out, ran.err) == (0, "here\n", "")
    finally:
        assert penholder(nowhere, "down").code == 0


def test_names_that_are_made_at_the_same_moment_differ(background: Background) -> None:
    told: list[Ran] = []

    def run() -> None:
        told.append(background.try_run("--", "/bin/true"))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(ran.code, ran.err) for ran in told] == [(0, "")] * 4
    names = {ran.out.strip() for ran in told}
    assert len(names) == 4
    assert all(name.startswith("true-") for name in names)
    assert {worker["label"] for worker in workers(background.daemon)} == names


def test_of_those_who_want_one_name_at_the_same_moment_one_has_it(background: Background) -> None:
    codes: list[int] = []

    def run() -> None:
        codes.append(background.try_run("--name", "api", *SLEEPS).code)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 4, 4, 4]
    assert [worker["label"] for worker in workers(background.daemon)] == ["api"]


def test_a_name_is_free_again_when_its_worker_has_ended(background: Background) -> None:
    kept = background.run("--name", "api", *SLEEPS)
    refused = background.try_run("--name", "api", "true")
    assert refused.code == 4
    assert "'api' is the name of a living worker already" in refused.err
    assert background.say("stop", "api").code == 0
    again = background.run("--name", "api", *SLEEPS)
    assert again.worker_id != kept.worker_id


def test_a_signal_before_the_command_runs_leaves_nothing_behind(
    background: Background, short_dir: Path
) -> None:
    """It comes while the user's systemd is asked."""
    (short_dir / "xdg" / "systemd").mkdir(parents=True)
    program = short_dir / "systemd-run"
    program.write_text("#!/bin/sh\nkill -TERM $PPID\nexec sleep 1000\n")
    program.chmod(0o755)
    path = f"{short_dir}:{os.environ['PATH']}"
    ran = background.try_run(*SLEEPS, XDG_RUNTIME_DIR=str(short_dir / "xdg"), PATH=path)

    assert (ran.code, ran.out) == (128 + signal.SIGTERM, "")
    (worker,) = workers(background.daemon)
    assert worker["state"] == "stopped"
    assert worker["last_error"] == "ended by SIGTERM before its command was started"
    assert list((short_dir / "run" / "runners").iterdir()) == []


def test_a_command_that_nobody_can_keep_leaves_no_worker_that_waits(
    background: Background, short_dir: Path
) -> None:
    # A file in the place of the orders' directory keeps it from coming so far as a keeper.
    (short_dir / "run" / "runners").write_text("")
    ran = background.try_run(*SLEEPS)
    assert ran.code == 1
    (worker,) = workers(background.daemon)
    assert worker["state"] == "stopped"
    assert worker["last_error"].startswith("could not be started")


def test_an_owned_controller_says_whose_it_is(background: Background) -> None:
    daemon = background.daemon
    with daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        handle = control.call("controller.acquire", controller_id="c")
        words = ("--controller", "c", "--name", "api", *SLEEPS)
        ran = background.try_run(*words)
        assert ran.code == 5
        assert f"controller c is owned by process {os.getpid()} since" in ran.err
        assert "--take-over" in ran.err
        assert background.try_run("--takeover", *words).code == 0
        assert control.call("controller.status", controller_id="c")["active_owner"] is None
        assert handle["epoch"] == 1


def test_an_owner_whose_lease_ran_out_is_replaced_for_the_act(background: Background) -> None:
    with background.daemon.connect() as control:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/w")
        control.call("controller.acquire", controller_id="c", lease_ms=1)
        until(lambda: background.try_run("--controller", "c", "true").code == 0)
        assert control.call("controller.status", controller_id="c")["active_owner"] is None


def test_its_umask_is_the_callers(background: Background) -> None:
    running = Running(
        background.daemon, "run", "-d", "sh", "-c", "umask",
        first="os.umask(0o027); os.environ['XDG_RUNTIME_DIR'] = ''",
    )  # fmt: skip
    assert running.end().code == 0
    kept = Kept(background.daemon, "sh-1")
    kept.wait_for("output")
    assert kept.events("output")[0]["data"]["text"] == "0027"


def test_a_program_without_a_daemon_is_gone_with_its_end(
    background: Background, short_dir: Path
) -> None:
    kept = background.run(sys.executable, "-c", "print('done')")
    kept.wait_for("process.exited")
    assert kept.wait_ended()["state"] == "stopped"
    assert not (short_dir / "run" / "runners" / f"{kept.worker_id}.sock").exists()
    wait_gone(kept.events("process.started")[0]["data"]["pid"])
