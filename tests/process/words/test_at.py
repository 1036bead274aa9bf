"""`--at`: words said here and carried out there, by an ssh that the test can look at."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder.cli.terminal import tunnel
from tests.helpers.fleet import Fleet
from tests.helpers.programs import PENHOLDER, environment, say

SSH = """#!/bin/sh
printf '%s\\n' "$*" >> {log}
for last; do :; done
export PENHOLDER_STATE_DIR={state} PENHOLDER_RUNTIME_DIR={run} PATH={path}
exec sh -c "$last"
"""


@pytest.fixture
def ssh(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give an ssh that leads to the fleet's daemon, and a here where no daemon is."""
    log, bin_ = tmp_path / "ssh.log", tmp_path / "bin"
    bin_.mkdir()
    path = f"{Path(PENHOLDER).parent}:{os.environ['PATH']}"
    text = SSH.format(
        log=log, state=fleet.daemon.state_dir, run=fleet.daemon.runtime_dir, path=path
    )
    (bin_ / "ssh").write_text(text)
    (bin_ / "ssh").chmod(0o755)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("PATH", f"{bin_}:{path}")
    monkeypatch.setenv("PENHOLDER_STATE_DIR", str(tmp_path / "nothing"))
    monkeypatch.setenv("PENHOLDER_RUNTIME_DIR", str(tmp_path / "none"))
    yield log
    tunnel.to.cache_clear()


def test_a_word_runs_there(fleet: Fleet, ssh: Path) -> None:
    fleet.worker("over-there", "hello; $(id)").exit(3)
    assert "over-there" in say("ps", "-a", "--at", "ssh://me@lab:22").stdout
    assert say("--at", "ssh://lab", "logs", "over-there").stdout == "hello; $(id)\n"
    assert say("wait", "over-there", "--at=ssh://lab").returncode == 3
    assert ssh.read_text().splitlines()[0] == "-T -p 22 -- me@lab penholder ps -a"


def test_a_command_runs_there_with_its_own_words(fleet: Fleet, ssh: Path) -> None:
    words = ["sh", "-c", 'echo "$@"', "--", "--at", "ssh://not-this"]
    for flags in (
        ["--at", "ssh://lab"],
        ["--at=ssh://lab", "--name", "n"],
        ["--name", "m", "--at", "ssh://lab"],
    ):
        ran = say("run", *flags, *words)
        assert (ran.returncode, ran.stdout) == (0, "--at ssh://not-this\n")
    assert say("--at", "ssh://lab", "run", "--", "true").returncode == 0
    assert {worker.label for worker in fleet.client.worker.list().items} >= {"n", "m", "true-1"}


def test_methods_are_asked_through_the_bridge(fleet: Fleet, ssh: Path) -> None:
    fleet.worker("over-there")
    listed = fleet.say("worker", "list", "--at", "ssh://lab")
    assert listed.json["items"][0]["label"] == "over-there"
    assert fleet.say("status", "--at", "ssh://lab", "--json").json["pid"] == fleet.daemon.pid
    assert {line.split("-- ")[1] for line in ssh.read_text().splitlines()} == {
        "lab env COLUMNS=80 penholder bridge"
    }


@pytest.mark.parametrize(
    "words", [["up"], ["down"], ["doctor"], ["service", "status"], ["restore", "x"], ["ask", "x"],
              ["mcp"], ["import", "x"], ["export", "x"], ["bridge"], ["store", "move"]],
)  # fmt: skip
def test_what_is_about_this_machine_is_refused(fleet: Fleet, ssh: Path, words: list[str]) -> None:
    ran = fleet.say(*words, "--at", "ssh://lab")
    assert ran.code == 2
    assert "say it there" in ran.err
    assert not ssh.exists()


@pytest.mark.parametrize("flag", [["--socket", "/x"], ["--worker", "w"], ["--runtime-dir", "/x"]])
def test_there_is_one_socket_there(fleet: Fleet, ssh: Path, flag: list[str]) -> None:
    assert fleet.say("worker", "list", "--at", "ssh://lab", *flag).code == 2
    assert not ssh.exists()


def test_no_daemon_there_is_said_at_once(fleet: Fleet, ssh: Path) -> None:
    fleet.daemon.end()
    ran = say("worker", "list", "--at", "ssh://lab")
    assert ran.returncode == 12
    assert "no daemon answers at ssh://lab" in ran.stderr


def test_a_shell_there_that_greets_is_named(fleet: Fleet, ssh: Path, tmp_path: Path) -> None:
    script = tmp_path / "bin" / "ssh"
    script.write_text(script.read_text().replace("exec sh", "echo Welcome to lab\nexec sh"))
    for words in (["worker", "list"], ["status"], ["tail"], ["timeline", "-o", "-"]):
        ran = say(*words, "--at", "ssh://lab")
        assert (ran.returncode, ran.stdout) == (12, "")
        assert "ssh://lab: what came is no message of a daemon: 'Welcome to lab'" in ran.stderr
        assert "~/.bashrc" in ran.stderr


def test_without_ssh_it_is_said(fleet: Fleet, ssh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    for words in (["ps"], ["worker", "list"]):
        ran = say(*words, "--at", "ssh://lab")
        assert ran.returncode != 0
        assert "cannot start ssh" in ran.stderr


def test_the_bridge_takes_no_path(fleet: Fleet) -> None:
    for words in (["/tmp/x"], ["--socket", "/tmp/x"], ["--runtime-dir", "/tmp"]):
        assert fleet.say("bridge", *words).code == 2


def test_the_bridge_ends_with_its_input(fleet: Fleet) -> None:
    request = b'{"jsonrpc":"2.0","id":1,"method":"rpc.ping","params":{}}\n'
    done = subprocess.run(
        [PENHOLDER, "bridge"], env=environment(fleet.daemon), input=request, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.count(b'"pong":true')) == (0, 1)
