"""`penholderd --about`: what would start, and why it would not."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from penholder_daemon.main import main
from penholder_daemon.migrations import steps
from penholder_daemon.shell.store import choosing
from penholder_daemon.shell.store.database import sqlite_version
from penholder_protocol import __version__


@pytest.fixture
def about(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Any:
    """Give `penholderd --about` as a function of its other words: (exit status, what it told)."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, dict[str, object]]:
        monkeypatch.setattr(sys, "argv", ["penholderd", "--about", *words])
        status = main()
        return status, json.loads(capfd.readouterr().out)

    return call


def test_it_tells_of_the_program_and_the_directories(about: Any, tmp_path: Path) -> None:
    status, told = about("--state-dir", "/s", "--runtime-dir", "/r", "--config", "/dev/null")
    assert status == 0
    assert told == {
        "version": __version__, "sqlite_version": sqlite_version(),
        "schema_version": len(steps()), "config": "/dev/null", "state_dir": "/s",
        "runtime_dir": "/r", "store_url": None, "problem": None,
    }  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_directories_come_from_the_configuration_too(about: Any, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('state_dir = "/a"\nruntime_dir = "/b"\n')
    _, told = about("--config", "c.toml", "--runtime-dir", "/r")
    assert (told["state_dir"], told["runtime_dir"]) == ("/a", "/r")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--config", "broken.toml"), "unknown setting `nonsense`"),
        (("--config", "missing.toml"), "missing.toml cannot be read"),
        (("--state-dir", "broken.toml"), "is a symlink or no directory"),
        (("--runtime-dir", "/" + "r" * 120), "choose a shorter --runtime-dir"),
    ],
)
def test_it_tells_why_a_start_would_fail(
    about: Any, tmp_path: Path, words: tuple[str, ...], expected: str
) -> None:
    (tmp_path / "broken.toml").write_text("nonsense = 1")
    status, told = about("--state-dir", "s", "--runtime-dir", "r", *words)
    assert status == 78
    assert expected in str(told["problem"])


def test_an_sqlite_that_corrupts_is_told(about: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penholder_daemon.shell.store.opening.OLDEST_SQLITE", (99, 0, 0))
    status, told = about("--state-dir", "s", "--runtime-dir", "r")
    assert (status, "99.0.0 or newer" in str(told["problem"])) == (78, True)


def test_the_url_comes_from_the_flag_then_the_environment_then_the_file(
    about: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "c.toml").write_text('[store]\nurl = "postgresql:///file"\n')
    words = ("--config", "c.toml", "--state-dir", "/s")
    assert about(*words)[1]["store_url"] == "postgresql:///file"
    monkeypatch.setenv("PENHOLDER_STORE_URL", "postgresql:///environment")
    assert about(*words)[1]["store_url"] == "postgresql:///environment"
    assert (
        about(*words, "--store-url", "postgresql:///flag")[1]["store_url"] == "postgresql:///flag"
    )


def test_a_password_for_no_store_is_told(
    about: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "c.toml").write_text('[store]\npassword_file = "/x"\n')
    words = ("--config", "c.toml", "--state-dir", "/s")
    status, told = about(*words)
    assert (status, "password_file is set, and no store" in str(told["problem"])) == (78, True)
    # The URL may come from elsewhere.
    monkeypatch.setenv("PENHOLDER_STORE_URL", "postgresql:///environment")
    assert "no store" not in str(about(*words)[1]["problem"])


def test_another_store_than_before_is_told(about: Any, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir(mode=0o700)
    (tmp_path / "s" / "store_place").write_text("postgresql://h/fleet\n")
    words = ("--state-dir", "s", "--runtime-dir", "/r")
    status, told = about(*words)
    assert (status, "is in postgresql://h/fleet" in str(told["problem"])) == (78, True)
    assert about(*words, "--change-store")[0] == 0


def test_it_tells_that_the_driver_is_missing(about: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "find_spec", lambda _: None)
    status, told = about("--state-dir", "/s", "--store-url", "postgresql:///p")
    assert status == 78
    assert "pip install penholder[postgres]" in str(told["problem"])
