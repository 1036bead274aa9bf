"""Sizes, docstrings, comments: what a reader may rely on in every file."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.source import (
    WRITTEN_BY_HAND,
    Offence,
    Scratch,
    calls,
    comments,
    files,
    functions,
    name,
    require,
    tree,
)

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 400
ALL = files(*WRITTEN_BY_HAND)
PRODUCT = files("protocol", "daemon", "clients")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
IGNORE = re.compile(r"# type: ignore\[[a-z-]+(, [a-z-]+)*\]  # \S")
NOQA = re.compile(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)*( - \S|$)")
PROGRAMS = ("main.py", "__main__.py", "command.py", "programs.py")
PRINTING = tuple(
    f"penholder.cli.{each}." for each in ("commands", "run", "terminal", "verbs", "words")
)
"""What may print: modules of these names, and all in these packages."""
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _long(path: Path) -> Iterator[Offence]:
    lines = len(path.read_text("utf-8").splitlines())
    if lines > MAX_FILE_LINES:
        yield MAX_FILE_LINES + 1, f"the file has {lines} lines"
    for function in functions(path):
        lines = (function.end_lineno or 0) - function.lineno + 1
        if lines > MAX_FUNCTION_LINES:
            yield function.lineno, f"{function.name} has {lines} lines"


def test_files_and_functions_are_short() -> None:
    require(_long, ALL)


def _undocumented(path: Path) -> Iterator[Offence]:
    module = tree(path)
    if not ast.get_docstring(module):
        yield 1, "the module has no docstring"
    for node in _reachable(module):
        is_public = not node.name.startswith("_") and not _is_overload(node)
        if is_public and not ast.get_docstring(node):
            yield node.lineno, f"{node.name} has no docstring"


def _reachable(owner: ast.AST) -> Iterator[Definition]:
    """Yield what is defined, but for what is inside a function or a private class."""
    for node in ast.iter_child_nodes(owner):
        if isinstance(node, Definition):
            yield node
        is_closed = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        is_closed |= isinstance(node, ast.ClassDef) and node.name.startswith("_")
        if not is_closed:
            yield from _reachable(node)


def _is_overload(node: Definition) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "overload" for each in node.decorator_list)


def test_what_is_public_has_a_docstring() -> None:
    require(_undocumented, PRODUCT)


def _unopened(path: Path) -> Iterator[Offence]:
    if path.read_text("utf-8").strip() and not ast.get_docstring(tree(path)):
        yield 1, "the module has no docstring"


def test_every_module_opens_with_a_docstring() -> None:
    require(_unopened, ALL)


def _unfinished(path: Path) -> Iterator[Offence]:
    return ((line, text) for line, text in comments(path) if UNFINISHED.search(text))


def test_nothing_is_left_unfinished() -> None:
    require(_unfinished, ALL)


def _swallowing(path: Path) -> Iterator[Offence]:
    explained = {line for line, _ in comments(path)}
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        if node.type is None:
            yield node.lineno, "catches everything"
        does_nothing = all(isinstance(each, ast.Pass) for each in node.body)
        lines = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        if does_nothing and not lines & explained:
            yield node.lineno, "does not say why it does nothing about an error"


def test_no_error_is_swallowed_without_a_reason() -> None:
    require(_swallowing, ALL)


def _silencing(path: Path) -> Iterator[Offence]:
    for line, comment in comments(path):
        is_vague = "type: ignore" in comment and not IGNORE.search(comment)
        is_vague |= "noqa" in comment and not NOQA.search(comment)
        if is_vague:
            yield line, comment


def test_silenced_checks_say_which_and_why() -> None:
    require(_silencing, ALL)


def _printing(path: Path) -> Iterator[Offence]:
    if path.name in PROGRAMS or name(path).startswith(PRINTING):
        return
    yield from ((line, "prints") for called, line in calls(path) if called == "print")


def test_nothing_prints_but_programs() -> None:
    """Libraries and the daemon's inside never write to stdout."""
    require(_printing, PRODUCT)


def test_sizes_are_noticed(scratch: Scratch) -> None:
    long = "def f():\n" + "    pass\n" * MAX_FUNCTION_LINES
    assert scratch.breaks(_long, f"class A:\n    b = 1\n{long}") == [3]
    assert scratch.breaks(_long, "a = 1\n" * (MAX_FILE_LINES + 1)) == [MAX_FILE_LINES + 1]
    assert scratch.breaks(_long, long.replace("    pass\n", "", 1) + "a = 1\n") == []


def test_missing_docstrings_are_noticed(scratch: Scratch) -> None:
    assert scratch.breaks(_unopened, "a = 1\n") == [1]
    assert scratch.breaks(_unopened, "") == []
    bad = (
        '"""A module."""\nclass A:\n    def b(self): ...\n    def _c(self): ...\nif a:\n'
        "    async def d():\n        def inner(): ...\nclass _E:\n    def f(self): ...\n"
        "@overload\ndef g(): ...\n"
    )
    assert scratch.breaks(_undocumented, bad) == [2, 3, 6]
    assert scratch.breaks(_undocumented, "") == [1]


def test_comments_that_leave_something_open_are_noticed(scratch: Scratch) -> None:
    mark = "TO" + "DO"  # put together here: nothing is open in this file
    assert scratch.breaks(_unfinished, f"a = 1\nb = 2  # {mark}: c\nc = '{mark}'\n") == [2]
    vague = ("type: ignore", "type: ignore[arg-type]", "noqa", "noqa: E501 because")
    assert scratch.breaks(_silencing, "".join(f"a  # {each}\n" for each in vague)) == [1, 2, 3, 4]
    fine = "a  # type: ignore[arg-type]  # a reason\nb  # noqa: E501 - a reason\nc  # noqa: E501\n"
    assert scratch.breaks(_silencing, fine) == []


def test_errors_that_vanish_are_noticed(scratch: Scratch) -> None:
    bad = "try:\n    a\nexcept:\n    b\ntry:\n    a\nexcept A:\n    pass\n"
    assert scratch.breaks(_swallowing, bad) == [3, 7]
    assert scratch.breaks(_swallowing, "try:\n    a\nexcept A:\n    pass  # why\n") == []


def test_prints_are_noticed(scratch: Scratch) -> None:
    assert scratch.breaks(_printing, "a()\nprint(1)\n") == [2]
    assert scratch.breaks(_printing, "print(1)\n", called="main.py") == []
    assert scratch.breaks(_printing, "print(1)\n", "penholder/cli/commands") == []
    assert scratch.breaks(_printing, "print(1)\n", "penholder/cli/service") == [1]
