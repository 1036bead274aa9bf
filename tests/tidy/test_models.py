"""Every method that callers reach has a model: a new one without is noticed here."""

from tests.models.coverage import CALLED, REACHED, WITHOUT_MODEL, unsettled
from tests.tidy.source import require_none


def test_a_method_has_a_model_or_a_reason_for_none() -> None:
    require_none(unsettled(REACHED, CALLED, WITHOUT_MODEL))


def test_nothing_is_said_of_methods_that_there_are_not() -> None:
    assert {*CALLED, *WITHOUT_MODEL} - {*REACHED} == set()


def test_these_rules_notice_what_breaks_them() -> None:
    called = {"a.get": "tests/models/test_a.py", "b.get": "tests/models/test_b.py"}
    assert unsettled(["a.get", "b.get", "c.get"], called, {"c.get": "no need"}) == []
    one, other, both = unsettled(["a.set", "d.get", "b.get"], called, {"b.get": "no need"})
    assert "rule of tests/models/test_a.py, compare" in one
    assert 'add `"a.set": "why",` to WITHOUT_MODEL in tests/models/coverage.py' in one
    assert "rule of a new module of tests/models, compare" in other
    assert both == "b.get has a model in tests/models/test_b.py: take its reason away"
