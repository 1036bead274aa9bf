"""What docs/security.md says happens is shown by a test, and the test is there."""

import re

from penholder_daemon.generate.__main__ import ROOT

ROW = re.compile(
    r"^\| (?!what is tried|---)(?P<what>.*?) \|.*\| (?P<tests>[^|]*) \|$", re.MULTILINE
)


def test_every_row_names_tests_that_exist() -> None:
    defined = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    rows = list(ROW.finditer((ROOT / "docs/security.md").read_text("utf-8")))
    assert rows
    named = {row["what"]: re.findall(r"`(test_\w+)`", row["tests"]) for row in rows}
    assert [what for what, tests in named.items() if not tests] == []
    assert {name for tests in named.values() for name in tests} - defined == set()
