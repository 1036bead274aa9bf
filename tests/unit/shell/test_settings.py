"""The configuration file: checked, and with errors that say how to go on."""

import json
import os
from pathlib import Path

import pytest

from penholder_daemon.core.rules import Rules
from penholder_daemon.shell.settings import (
    Settings,
    StoreSettings,
    UnusableSettings,
    load,
    with_store_url,
)


def _load(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "penholder.toml"
    path.write_text(text, "utf-8")
    return load(path)


def test_without_a_file_there_are_defaults() -> None:
    assert load(None) == Settings()


def test_a_file_sets_what_it_names(tmp_path: Path) -> None:
    found = _load(tmp_path, 'log_level = "debug"\nallowed_uids = [1001]\ndrain_ms = 0\n')
    assert found == Settings(log_level="debug", allowed_uids=[1001], drain_ms=0)
    assert _load(tmp_path, "") == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("max_conections = 5", "unknown setting `max_conections`; did you mean `max_connections`?"),
        ("colour = 1", "unknown setting `colour`; known are: state_dir, runtime_dir,"),
        ("max_connections = 0", ">= 1"),
        ("max_connections = 4097", "<= 4096"),
        ('drain_ms = "5"', "Expected `int`"),
        (
            'host_name = "ada\'s lab"',
            "`host_name` must be 1 to 64 of the characters A-Z a-z 0-9 . _ -",
        ),
        (
            'log_level = "loud"',
            "`log_level` may not be 'loud'; known are: debug, info, warning, error",
        ),
        ('log_level = "warn"', "may not be 'warn'; did you mean `warning`?"),
        (
            "[retention.wroker]\nkeep_last = 3",
            "of a kind of stream; known are: worker, controller,",
        ),
        (
            "[retention.worker]\nkeep = 3",
            "unknown setting `keep` in [retention.KIND]; did you mean `keep_last`? known are:",
        ),
        ("allowed_uids = [-1]", ">= 0"),
        ("reader_threads = 17", "<= 16"),
        ("task_warn_ms = 0", ">= 1"),
        ("task_warn_ms = 120000", "task_warn_ms < task_stale_ms < task_dead_ms must hold"),
        ("task_dead_ms = 1", "task_warn_ms < task_stale_ms < task_dead_ms must hold"),
        ("[section]\nx = 1", "unknown setting `section`"),
        ("not toml", "cannot be read"),
        pytest.param("x = " + "[" * 100_000, "cannot be read", id="lists in lists"),
        pytest.param("drain_ms = " + "9" * 5_000, "cannot be read", id="digits"),
        ("[backends.x]\ncost = inf", "inf is no finite number"),
        ("[backends.x]\ncost = 1e400", "1e400 is no finite number"),
        pytest.param(
            "[backends.x]\nseed = " + "9" * 309,
            "`[backends.x]` holds the number 999",
            id="digits of a backend",
        ),
        pytest.param(
            "[backends." + ".".join(["x"] * 70) + "]\ny = 1",
            "`[backends.x]` is over MAX_VALUE_DEPTH",
            id="tables in tables",
        ),
        pytest.param(
            "[backends." + ".".join(["x"] * 1_500) + "]\ny = 1",
            "`[backends.x]` is over MAX_VALUE_DEPTH",
            id="more tables in tables",
        ),
        pytest.param(
            "[backends." + ".".join(["x"] * 12_000) + "]\ny = 1",
            "`[backends.x]` is over MAX_VALUE_DEPTH",
            id="far more tables in tables",
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_file(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(UnusableSettings) as caught:
        _load(tmp_path, text)
    assert expected in str(caught.value)
    assert "penholder.toml" in str(caught.value)


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    """A reload happens where requests are answered: it must neither wait nor fill the memory."""
    with pytest.raises(UnusableSettings, match="more than 1,048,576 bytes"):
        _load(tmp_path, "#" * (1 << 20) + "\n")
    with pytest.raises(UnusableSettings, match="more than 1,048,576 bytes"):
        load(Path("/dev/zero"))
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    with pytest.raises(UnusableSettings, match="is a pipe"):
        load(pipe)
    assert load(Path(os.devnull)) == Settings()


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UnusableSettings, match="cannot be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UnusableSettings, match="cannot be read"):
        load(tmp_path / "binary.toml")


def test_rooms_are_told_when_a_task_is_stale(tmp_path: Path) -> None:
    found = _load(tmp_path, "task_warn_ms = 10\ntask_stale_ms = 20\n").rules().staleness
    assert (found.warn_ms, found.stale_ms, found.dead_ms) == (10, 20, 300_000)
    assert Settings().rules().staleness == Rules().staleness


def test_the_host_is_called_after_the_machine_unless_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _load(tmp_path, 'host_name = "cellar"\n').rules().host_name == "cellar"
    for machine, shown in (
        ("lab.example", "lab.example"),
        ("ada's lab", "ada-s-lab"),
        ("", "localhost"),
    ):
        found = os.uname_result(("Linux", machine, "6", "1", "x86_64"))
        monkeypatch.setattr(os, "uname", lambda found=found: found)
        assert Settings().rules().host_name == shown


@pytest.mark.parametrize("name", ["", "two words", "x" * 65, "new\nline", "--flag\n"])
def test_a_name_of_a_host_that_is_no_word_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableSettings, match="host_name"):
        _load(tmp_path, f"host_name = {json.dumps(name)}\n")


_SECRET = "hunter2"  # noqa: S105 - of nobody


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{_SECRET}@host/p",
        f"postgresql://u:{_SECRET}@:/@host/p",
        f"postgresql://u:a/{_SECRET}@host/p",
        f"postgres://u@host/p?sslmode=require&password={_SECRET}",
        f"postgresql:///p?pass%77ord={_SECRET}",
        f"postgresql:///p?sslpassword={_SECRET}",
        f"mysql://u:{_SECRET}@host/p",
        f"host=/tmp password={_SECRET}",
    ],
)
def test_a_url_with_a_secret_is_refused_and_not_said_again(tmp_path: Path, url: str) -> None:
    with pytest.raises(UnusableSettings, match=r"store\.url") as told:
        _load(tmp_path, f'[store]\nurl = "{url}"\n')
    with pytest.raises(UnusableSettings, match="--store-url") as told_of_flag:
        with_store_url(Settings(), url, "--store-url")
    assert _SECRET not in f"{told.value}{told_of_flag.value}"


def test_an_unknown_setting_of_a_table_is_told_with_those_of_that_table(tmp_path: Path) -> None:
    with pytest.raises(UnusableSettings) as told:
        _load(tmp_path, '[store]\nurls = "x"\n')
    assert "unknown setting `urls` in [store]; did you mean `url`?" in str(told.value)
    assert str(told.value).endswith("known are: url, password_file")
    with pytest.raises(UnusableSettings, match="known are: state_dir"):
        _load(tmp_path, 'urls = "x"\n')


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///p?service=fleet",
        "postgresql://penholder@db.example:5432/p?sslmode=verify-full",
        "postgresql://one:1,two:2/p",
        "postgres://penholder@/p?host=/run/postgresql",
    ],
)
def test_a_url_that_shows_nothing_is_taken(tmp_path: Path, url: str) -> None:
    found = _load(tmp_path, f'[store]\nurl = "{url}"\npassword_file = "/x"\n')
    assert found.store == StoreSettings(url=url, password_file="/x")  # noqa: S106 - a path
    other = with_store_url(found, "postgresql:///q", "--store-url")
    assert other.store == StoreSettings(url="postgresql:///q", password_file="/x")  # noqa: S106
