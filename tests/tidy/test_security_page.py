"""What docs/security.md says happens is shown by a test, and the test is there."""

import re
from collections.abc import Set as AbstractSet

from penholder_daemon.generate.__main__ import ROOT
from tests.tidy.source import files, functions, require_none

ROW = re.compile(
    r"^\| (?!what is tried|---)(?P<what>.*?) \|.*\| (?P<tests>[^|]*) \|$", re.MULTILINE
)


def _unshown(page: str, defined: AbstractSet[str]) -> list[str]:
    """Return the rows that name no test, and the tests that are not there."""
    rows = [(row["what"], re.findall(r"`(test_\w+)`", row["tests"])) for row in ROW.finditer(page)]
    found = [f"{what}: names no test" for what, tests in rows if not tests]
    gone = [(what, test) for what, tests in rows for test in tests if test not in defined]
    return [*found, *(f"{what}: there is no {test}" for what, test in gone)]


def test_every_row_names_tests_that_exist() -> None:
    defined = {function.name for path in files("tests") for function in functions(path)}
    page = (ROOT / "docs/security.md").read_text("utf-8")
    assert ROW.search(page)
    require_none(_unshown(page, defined))


def test_this_rule_notices_what_breaks_it() -> None:
    page = (
        "| what is tried | what happens | shown by |\n|---|---|---|\n"
        "| a | b | `test_c`, `test_d` |\n| e | f | g |\n"
    )
    assert _unshown(page, {"test_c"}) == ["e: names no test", "a: there is no test_d"]
