"""Which program is an agent: by name, by setting, by being the only one there is."""

import re
from pathlib import Path

import pytest

from penholder.cli.agent import launchers
from penholder.cli.terminal.failures import Failure, Usage
from penholder_daemon.generate.__main__ import ROOT


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a configuration, and a PATH with nothing on it."""
    (tmp_path / "penholder").mkdir()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def install(home: Path, *programs: str) -> None:
    """Put programs on PATH."""
    for program in programs:
        file = home / "bin" / program
        file.touch(0o755)


def configure(home: Path, text: str) -> None:
    """Write the configuration."""
    file = home / "penholder/penholder.toml"
    file.write_text(text)
    file.chmod(0o600)


def test_the_only_one_that_is_there_is_taken(home: Path) -> None:
    install(home, "gemini", "bystander")

    chosen = launchers.choose(None)

    assert (chosen.name, chosen.launcher.command) == ("gemini", ["gemini", "--acp"])


def test_of_several_none_is_taken_and_they_are_named(home: Path) -> None:
    install(home, "gemini", "goose")

    with pytest.raises(Usage, match="several agents are found: gemini, goose; say --launcher"):
        launchers.choose(None)


def test_where_there_is_none_it_says_what_was_looked_for() -> None:
    with pytest.raises(Failure, match=r"no agent is found on PATH.*gemini \(gemini\)"):
        launchers.choose(None)


def test_the_setting_decides_where_nobody_says(home: Path) -> None:
    install(home, "gemini", "goose")
    configure(home, 'default_launcher = "mine"\n[launcher.mine]\ncommand = ["/bin/agent"]\n')

    assert launchers.choose(None).launcher.command == ["/bin/agent"]
    assert launchers.choose("goose").name == "goose"


def test_one_of_the_configuration_goes_before_a_known_one(home: Path) -> None:
    configure(home, '[launcher.gemini]\ncommand = ["/opt/gemini", "--acp"]\n')

    assert launchers.choose("gemini").launcher.command == ["/opt/gemini", "--acp"]


def test_an_unknown_one_is_refused_with_those_there_are(home: Path) -> None:
    configure(home, 'default_launcher = "gone"\n')

    with pytest.raises(
        Usage, match=r"no launcher 'gone' \(default_launcher of .*there are: claude"
    ):
        launchers.choose(None)
    with pytest.raises(Usage, match="no launcher 'gemni'"):
        launchers.choose("gemni")


def test_the_page_has_the_same_list() -> None:
    page = (ROOT / "docs/agents.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+) \| `([^`]+)` \|$", page, re.MULTILINE)
    assert dict(rows) == {name: " ".join(words) for name, words in launchers.KNOWN.items()}


@pytest.mark.parametrize(
    "text",
    [
        "stall_after_s = nan",
        "stall_after_s = -1",
        "[launcher.mine]\ncommand = []",
        '[launcher.mine]\ncommand = ["a\\u0000b"]',
        '[launcher.mine]\ncommand = ["a"]\nenv = { A = "\\u0000" }',
        '[launcher.mine]\ncommand = ["a"]\nenv = { "A=B" = "x" }',
        '[launcher.mine]\ncommand = ["a"]\npass_env = [""]',
    ],
)
def test_a_configuration_that_nothing_can_be_done_by_is_refused(home: Path, text: str) -> None:
    configure(home, text)

    with pytest.raises(Failure, match=r"penholder\.toml: (Expected|`.*` must (not )?be )"):
        launchers.choose("mine")


def test_a_configuration_that_is_a_directory_is_refused(home: Path) -> None:
    (home / "penholder/penholder.toml").mkdir()

    with pytest.raises(Failure, match="is no file"):
        launchers.choose("mine")
