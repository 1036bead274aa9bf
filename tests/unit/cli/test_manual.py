"""The pages of the manual: one for each word and room, as they would be written now."""

import shutil
import subprocess
from pathlib import Path

import pytest

from penholder.cli import catalog
from penholder.cli.contract import contract
from penholder.cli.manual import __main__ as program
from penholder.cli.manual import roff
from penholder.cli.manual.pages import pages

PAGES = sorted(program.DIRECTORY.glob("*.1"))


def test_they_are_as_generated() -> None:
    assert {path.name: path.read_text("utf-8") for path in PAGES} == {
        f"{name}.1": text for name, text in pages()
    }


def test_each_word_and_each_room_has_one() -> None:
    words = {name for name, each in catalog.COMMANDS.items() if each.group in catalog.GROUPS}
    wanted = {f"penholder-{name}.1" for name in words | {*contract().rooms()}}
    assert {path.name for path in PAGES} == {"penholder.1", *wanted}


def test_what_is_told_is_in_it() -> None:
    text = (program.DIRECTORY / "penholder-logs.1").read_text("utf-8")
    for part in ("\\-\\-follow", "only the last N lines", "penholder logs \\-f make\\-1"):
        assert part in text


@pytest.mark.parametrize("line", [".SH x", "'x", "a\\fBb", "--flag"])
def test_no_text_is_a_request(line: str) -> None:
    written = roff.escaped(line)
    assert not written.startswith((".", "'"))
    assert written.replace("\\-", "-").replace("\\e", "\\").removeprefix("\\&") == line


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_has_nothing_to_complain_of() -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Kutf8", "-Tutf8", *map(str, PAGES)],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stderr.decode() == ""


def test_the_check_names_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "DIRECTORY", tmp_path)
    monkeypatch.setattr("sys.argv", ["manual", "--check"])
    (tmp_path / "gone.1").write_text("x")
    assert program.main() == 1
    assert "gone.1" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["manual"])
    assert program.main() == 0
    assert not (tmp_path / "gone.1").exists()
    assert len(list(tmp_path.iterdir())) == len(PAGES)
