"""Completion in the shells themselves."""

import shutil
import subprocess

import pytest

from tests.helpers.fleet import Fleet
from tests.helpers.programs import PENHOLDER, environment

BASH = """
eval "$({penholder} completion bash)"
penholder() {{ {penholder} "$@"; }}
COMP_LINE={line!r}; COMP_POINT=${{#COMP_LINE}}
_penholder
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH = """
compadd() {{ shift; print -l -- "$@"; }}
_files() {{ print FILES; }}
penholder() {{ {penholder} "$@"; }}
eval "$({penholder} completion zsh)"
words=(${{(z)1}}); [[ $1 == *\\  ]] && words+=("")
CURRENT=${{#words}}
_penholder
"""


@pytest.fixture
def fleet(fleet: Fleet) -> Fleet:
    """Give a fleet of two."""
    fleet.worker("make-1").ask("?")
    fleet.worker("$(touch hacked)")
    return fleet


def bash(fleet: Fleet, line: str) -> list[str]:
    """Complete a line in bash."""
    script = BASH.format(penholder=PENHOLDER, line=line)
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=environment(fleet.daemon), capture_output=True,
        text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("penholder logs ma", ["make-1"]),
        ("penholder approve m", ["make-1"]),
        ("penholder worker create --lab", ["--label"]),
        ("penholder tail controller:", ["c"]),
        ("penholder ps --format=t", ["table"]),
        ("penholder logs 'ma", ["make-1"]),
    ],
)
def test_bash(fleet: Fleet, line: str, found: list[str]) -> None:
    assert bash(fleet, line) == found


def test_bash_is_silent_without_a_daemon(fleet: Fleet) -> None:
    fleet.daemon.end()
    assert bash(fleet, "penholder logs ma") == []


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh(fleet: Fleet) -> None:
    def zsh(line: str) -> list[str]:
        script = ZSH.format(penholder=PENHOLDER)
        done = subprocess.run(
            ["zsh", "-f", "-c", script, "zsh", line], env=environment(fleet.daemon),
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.split()

    assert zsh("penholder logs ma") == ["make-1"]
    assert zsh("penholder run make ") == ["FILES"]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish(fleet: Fleet) -> None:
    script = f"{PENHOLDER} completion fish | source; complete -C 'penholder logs ma'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], env=environment(fleet.daemon),
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["make-1"]
