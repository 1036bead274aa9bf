"""`make missing` says of a new method what it lacks, in the order in which it is best done."""

import pytest

from tests.helpers import missing
from tests.models import coverage

NEW = "event." + "count"


def test_a_new_method_lacks_an_example_a_test_and_a_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(missing, "REACHED", [*coverage.REACHED, NEW])
    assert missing.main() == 1
    example, test, model = capsys.readouterr().out.splitlines()
    assert f'Example("{NEW}", {{…}})' in example
    assert "tests/contract/examples.py" in example
    assert "call it in tests/unit/rooms" in test
    assert "tests/models/rooms_agree.py" in model


def test_what_is_generated_is_missed_when_it_is_stale(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(missing, "render", lambda: "{}")
    assert missing.main() == 1
    assert capsys.readouterr().out == "what is generated is stale: make generate\n"
    monkeypatch.undo()
    assert missing.main() == 0
