"""Tests are where what they test says, and what they share is in tests/helpers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.source import Offence, Scratch, files, functions, imports, place, require, tree

TESTS = files("tests")
KEPT_APART = {"helpers", "models"}
BESIDE_THEIR_TESTS = {"tests/contract/examples_shared.py", "tests/tidy/source.py"}
"""What belongs to the subject of one folder alone; so do programs, which are found by their end."""
OF_PYTEST = ("__init__.py", "conftest.py")
A_TEST = re.compile(r"tests\.(.*\.)?(test_\w+|conftest)")
A_MODEL = "tests.models."
"""Machines are driven here in memory, and by tests/process beside a real daemon."""


def _has_tests(path: Path) -> bool:
    return any(function.name.startswith("test_") for function in functions(path))


def _is_program(path: Path) -> bool:
    return any(
        isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)
        for node in tree(path).body
    )


def _astray(path: Path) -> Iterator[Offence]:
    where = set(place(path).split("/"))
    if "helpers" in where and _has_tests(path):
        yield 1, "has tests, and stands among the helpers"
    is_known = path.name in OF_PYTEST or place(path) in BESIDE_THEIR_TESTS
    is_known |= bool(KEPT_APART & where) or _is_program(path)
    if not is_known and not _has_tests(path):
        yield 1, "has no tests: its place is tests/helpers"


def test_what_has_no_tests_is_a_helper() -> None:
    require(_astray, TESTS)


def _borrowing(path: Path) -> Iterator[Offence]:
    for imported, line in imports(path):
        if A_TEST.fullmatch(imported) and not imported.startswith(A_MODEL):
            yield line, f"imports {imported}: what tests share is in tests/helpers"


def test_no_test_is_imported() -> None:
    """Who changes a test need not think of others."""
    require(_borrowing, TESTS)


def test_the_rules_notice_what_breaks_them(scratch: Scratch) -> None:
    no_test = "def help(): ...\n"
    assert scratch.breaks(_astray, no_test, "tests/unit/core") == [1]
    assert scratch.breaks(_astray, no_test, "tests/helpers") == []
    assert scratch.breaks(_astray, no_test, "tests/models", "model.py") == []
    assert scratch.breaks(_astray, no_test, "tests/unit", "conftest.py") == []
    assert scratch.breaks(_astray, f"{no_test}if __name__ == '__main__': ...\n", "tests") == []
    assert scratch.breaks(_astray, "async def test_a(): ...\n", "tests/unit") == []
    assert scratch.breaks(_astray, "def test_a(): ...\n", "tests/helpers") == [1]
    bad = (
        "from tests.unit.core.test_fence import a\nfrom tests.unit.rooms import test_board\n"
        "from tests.process.cli.conftest import B\nimport tests.sim.test_waiting\n"
        "from tests.helpers.harness import Bench\nfrom tests.models.test_model import C\n"
    )
    assert scratch.breaks(_borrowing, bad, "tests/unit") == [1, 2, 3, 4]
