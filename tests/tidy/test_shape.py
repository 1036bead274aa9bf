"""Sizes, docstrings, comments: what a reader may rely on in every file."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from penholder_daemon.generate.__main__ import ROOT
from tests.tidy.source import WRITTEN_BY_HAND, files, functions, tree

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 400
ALL = files(*WRITTEN_BY_HAND)
PRODUCT = files("protocol", "daemon", "clients")
COMMAND_LINE = ROOT / "clients/penholder/cli"
PRINTS = ("commands", "run", "terminal", "verbs")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
IGNORE = re.compile(r"# type: ignore\[[a-z-]+(, [a-z-]+)*\]  # \S")
NOQA = re.compile(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)*( - \S|$)")


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _comments(path: Path) -> list[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


@pytest.mark.parametrize("path", ALL, ids=_id)
def test_files_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_FILE_LINES
    for function in functions(path):
        lines = (function.end_lineno or 0) - function.lineno + 1
        assert lines <= MAX_FUNCTION_LINES, f"{function.name} has {lines} lines"


@pytest.mark.parametrize("path", PRODUCT, ids=_id)
def test_what_is_public_has_a_docstring(path: Path) -> None:
    module = tree(path)
    assert ast.get_docstring(module), "the module has no docstring"
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            is_public = not node.name.startswith("_") and not _is_inner(module, node)
            is_public &= not _is_overload(node)
            assert not is_public or ast.get_docstring(node), f"{node.name} has no docstring"


def _is_overload(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "overload" for each in node.decorator_list)


def _is_inner(module: ast.Module, node: ast.AST) -> bool:
    """Tell whether something is defined inside a function or a private class."""
    for outer in ast.walk(module):
        is_function = isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        is_hidden = isinstance(outer, ast.ClassDef) and outer.name.startswith("_")
        if (is_function or is_hidden) and outer is not node and node in ast.walk(outer):
            return True
    return False


@pytest.mark.parametrize("path", ALL, ids=_id)
def test_every_module_opens_with_a_docstring(path: Path) -> None:
    if path.read_text("utf-8").strip():
        assert ast.get_docstring(tree(path))


@pytest.mark.parametrize("path", ALL, ids=_id)
def test_nothing_is_left_unfinished(path: Path) -> None:
    found = [(line, text) for line, text in _comments(path) if UNFINISHED.search(text)]
    assert found == []


@pytest.mark.parametrize("path", ALL, ids=_id)
def test_no_error_is_swallowed_without_a_reason(path: Path) -> None:
    explained = {line for line, _ in _comments(path)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno} catches everything"
            does_nothing = all(isinstance(each, ast.Pass) for each in node.body)
            lines = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            assert not does_nothing or lines & explained, f"line {node.lineno} does not say why"


@pytest.mark.parametrize("path", ALL, ids=_id)
def test_silenced_checks_say_which_and_why(path: Path) -> None:
    for line, comment in _comments(path):
        if "type: ignore" in comment:
            assert IGNORE.search(comment), f"line {line}: {comment}"
        if "noqa" in comment and path.parent != Path(__file__).parent:
            assert NOQA.search(comment), f"line {line}: {comment}"


@pytest.mark.parametrize("path", PRODUCT, ids=_id)
def test_nothing_prints_but_programs(path: Path) -> None:
    """Libraries and the daemon's inside never write to stdout."""
    programs = ("main.py", "__main__.py", "command.py", "programs.py")
    if path.name in programs or any(path.is_relative_to(COMMAND_LINE / at) for at in PRINTS):
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno} prints"
