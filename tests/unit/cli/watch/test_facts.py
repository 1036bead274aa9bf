"""A fact as a line, as JSON, as variables, and on the desktop; whatever its texts are."""

import json
import shutil
from pathlib import Path

import pytest

from penholder.cli.terminal.failures import Failure
from penholder.cli.watch import desktop
from penholder.cli.watch.facts import PREFIX, Choice, Fact
from tests.helpers.timelines import HOSTILE, at

FACT = Fact(
    "question", at(0), "w_1", "make-1", "c", "Delete 12 files?\nReally?", "ap_1",
    (Choice("allow", "Allow", "allow_once"), Choice("deny", None, None)), "pending",
)  # fmt: skip
SAYABLE = [text for text in HOSTILE if "\ud800" not in text]


def hostile(text: str) -> Fact:
    """Return a fact that says something everywhere."""
    return Fact("failure", at(0), text, text, text, text, text, (Choice(text, text, text),), "x")


def test_a_line_says_all(monkeypatch: pytest.MonkeyPatch) -> None:
    line = FACT.line()
    assert line[8:] == " asks   make-1: Delete 12 files?\\nReally? [Allow, deny] ap_1"
    failure = Fact("failure", at(0), "w_1", "make-1", "c", "exit status 3")
    assert failure.line()[8:] == " failed make-1: exit status 3"


def test_an_answered_question_says_so() -> None:
    answered = Fact("question", at(0), "w", "n", "c", "t", "ap_1", (), "decided")
    assert answered.line().endswith(" ap_1 (decided meanwhile)")


def test_json_has_the_texts_as_they_are() -> None:
    found = json.loads(FACT.json())
    assert found["text"] == "Delete 12 files?\nReally?"
    assert found["options"][0] == {"id": "allow", "label": "Allow", "kind": "allow_once"}
    assert b"\n" not in FACT.json()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_and_variables_control_nothing(text: str) -> None:
    fact = hostile(text)
    for value in (fact.line(), *fact.environment().values()):
        assert value.isprintable()
        assert len(value.encode()) < 128 << 10
    assert all(name.startswith(PREFIX) for name in fact.environment())


@pytest.mark.parametrize("text", SAYABLE)
def test_json_is_one_line_whatever_is_said(text: str) -> None:
    assert json.loads(hostile(text).json())["name"] == text
    assert len(hostile(text).json().splitlines()) == 1


@pytest.mark.parametrize("text", [*HOSTILE, "\\074b\\076", "-x", "--", "&amp;", "\\"])
def test_a_notification_has_no_markup_and_no_flag_of_others(text: str) -> None:
    words = desktop.words("notify-send", hostile(text))
    assert words[:5] == [
        "notify-send", "--app-name=penholder", "--urgency=critical", "--", "Penholder: a failure",
    ]  # fmt: skip
    (body,) = words[5:]
    assert "<" not in body
    assert ">" not in body
    # Each backslash has another one: read as a C string it is itself again.
    assert "\\" not in body.replace("\\\\", "")
    assert body.count("\n") == 1
    assert len(body) < 4_000


def test_what_cannot_be_shown_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("notify-send") is None
    with pytest.raises(Failure, match="--notify needs the program notify-send"):
        desktop.hook()
