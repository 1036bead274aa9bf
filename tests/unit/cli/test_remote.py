"""Which machine is meant, and what ssh is told: no word becomes an option or a command."""

import os
import re
import shlex
from pathlib import Path

import pytest

from penholder.cli.terminal import configuration, remote
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.words import elsewhere

CONFIGURED = """
stall_after_s = 30
[context.lab]
at = "ssh://me@lab.example:2222"
"""


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a file of the clients' configuration."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "penholder" / "penholder.toml"
    path.parent.mkdir()
    path.write_text(CONFIGURED)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ssh://lab", remote.Address("lab")),
        ("ssh://lab/", remote.Address("lab")),
        ("ssh://me@lab.example:22", remote.Address("lab.example", "me", 22)),
        ("ssh://10.0.0.1:2222", remote.Address("10.0.0.1", None, 2222)),
        ("ssh://me@fe80::1", remote.Address("fe80::1", "me")),
    ],
)
def test_an_address(text: str, address: remote.Address) -> None:
    assert remote.parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "ssh://", "lab.example/x", "ssh://-oProxyCommand=x", "ssh://-l@lab", "ssh://a b",
        "ssh://lab;id", "ssh://lab\n", "ssh://lab:0", "ssh://lab:70000", "ssh://lab:x", "http://lab",
        "ssh://$(id)@lab", "ssh://lab/etc", "ssh://me@-lab", "-oProxyCommand=x",
    ],
)  # fmt: skip
def test_no_address(text: str, configured: Path) -> None:
    with pytest.raises(Usage, match="--at"):
        remote.resolve(text)


def test_a_context_has_an_address(configured: Path) -> None:
    assert remote.resolve("lab") == remote.Address("lab.example", "me", 2222)
    with pytest.raises(Usage, match="there are lab"):
        remote.resolve("home")


def test_words_reach_the_other_side_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    words = ["send", "x", "a 'b' \"c\" $(id) ; `id` \\ \n*", "", "--", "-p"]
    command = remote.command(remote.Address("lab", "me", 22), words)
    assert command[:-1] == ["ssh", "-T", "-p", "22", "--", "me@lab"]
    assert shlex.split(command[-1]) == ["penholder", *words]
    assert remote.command(remote.Address("lab"), ["attach"], terminal=True)[1] == "-tt"


def test_the_flag_is_taken_out_of_the_words() -> None:
    assert elsewhere.taken(["a", "--at", "x", "b"]) == ("x", ["a", "b"])
    assert elsewhere.taken(["--at=x"]) == ("x", [])
    for odd in (["--at"], ["--at="], ["--at", "x", "--at", "y"]):
        with pytest.raises(Usage):
            elsewhere.taken(odd)


# --- the file -----------------------------------------------------------------------------------
def test_no_file_is_an_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert configuration.read() == configuration.Configuration()
    assert configuration.stall_after_s(None) == 600


def test_what_it_says_counts(configured: Path) -> None:
    assert configuration.stall_after_s(None) == 30
    assert configuration.stall_after_s(90) == 90


def test_a_file_of_the_working_directory_is_not_read(
    configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", ".")
    monkeypatch.setenv("HOME", str(configured.parent / "home"))
    monkeypatch.chdir(configured.parent.parent)
    assert configuration.read() == configuration.Configuration()


@pytest.mark.parametrize(
    "text",
    [
        "context = 1", "[context.lab]", "[contexts.lab]\nat = 'x'", "x", "stall_after_s = 'a'",
        "[launcher.a]\ncommand = 'x'", "[launcher.a]\ncommand = ['x']\nanswers={q='allow_always'}",
        "\x00", "[launcher.a]\ncommand = ['x']\nrestart = 'sometimes'",
    ],
)  # fmt: skip
def test_what_it_must_not_say_is_refused_with_its_place(configured: Path, text: str) -> None:
    configured.write_text(text)
    with pytest.raises(Failure, match=str(configured)):
        configuration.read()


@pytest.mark.parametrize(("mode", "has_env", "is_read"), [
    (0o600, True, True), (0o644, True, False), (0o640, True, False), (0o644, False, True),
    (0o664, False, False), (0o602, False, False),
])  # fmt: skip
def test_who_else_may_read_or_write_it(
    configured: Path, mode: int, *, has_env: bool, is_read: bool
) -> None:
    env = "env = {KEY = 'secret'}" if has_env else ""
    configured.write_text(f"[launcher.a]\ncommand = ['x']\n{env}")
    configured.chmod(mode)
    if is_read:
        assert configuration.read().launcher["a"].command == ["x"]
        return
    with pytest.raises(Failure, match="chmod 600") as refused:
        configuration.read()
    assert "secret" not in str(refused.value)


def test_what_is_no_file_is_not_waited_for(configured: Path) -> None:
    configured.unlink()
    os.mkfifo(configured)
    with pytest.raises(Failure, match="is no file"):
        configuration.read()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stall_after = 300", "unknown setting stall_after; did you mean stall_after_s? known are"),
        ("[launcher.x]\ncomand = ['a']", "unknown setting comand in [launcher.NAME]; did you mean"),
        ("[context.x]\nzzz = 1", "unknown setting zzz in [context.NAME]; known are at"),
        ("stall_after_s = 'x'", "Expected `float | null`, got `str` - at `stall_after_s`"),
        (
            '[launcher.x]\ncommand = ["a\\u0000"]',
            "`launcher[...].command[0]` must be a text without U+0000",
        ),
        (
            "[launcher.x]\ncommand = ['a']\nenv = {'a=b' = 'c'}",
            "`key` in `launcher[...].env` must be the name of a variable, without = and U+0000",
        ),
        ("bad = [", "is not TOML: Invalid value (at end of document)"),
        pytest.param("bad = " + "[" * 100_000, "is not TOML: maximum recursion", id="lists"),
        pytest.param("bad = " + "9" * 5_000, "is not TOML: Exceeds the limit", id="digits"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_said(configured: Path, text: str, said: str) -> None:
    configured.write_text(text)
    with pytest.raises(Failure, match=re.escape(said)):
        configuration.read()
