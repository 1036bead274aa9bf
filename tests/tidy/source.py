"""Our own source files, parsed once, for the tests of our rules.

A rule looks at one file and yields its offences. Its test has it look at every file that it is for,
and fails with all of them: who breaks a rule in five places is told of five, not of the first.
"""

import ast
import io
import tokenize
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from penholder_daemon.generate.__main__ import ROOT

PACKAGES = {
    "penholder_protocol": ROOT / "protocol/penholder_protocol",
    "penholder_daemon": ROOT / "daemon/penholder_daemon",
    "penholder": ROOT / "clients/penholder",
}
WRITTEN_BY_HAND = ("protocol", "daemon", "clients", "tests", "bench", "examples", "website")
GENERATED = ROOT / "clients/penholder/_generated"

Offence = tuple[int, str]
"""The line, and what is wrong there."""
Rule = Callable[[Path], Iterable[Offence]]


def offenders(rule: Rule, paths: Iterable[Path]) -> list[str]:
    """Return where files break a rule, as file, line and what."""
    return [
        f"{place(path)}:{line}: {what}" for path in paths for line, what in sorted(set(rule(path)))
    ]


def require_none(found: Iterable[str]) -> None:
    """Fail with all that was found, one a line."""
    listed = list(found)
    assert not listed, "\n".join([f"{len(listed)} found:", *listed])


def require(rule: Rule, paths: Iterable[Path]) -> None:
    """Fail with every place where a file breaks a rule."""
    require_none(offenders(rule, paths))


class Scratch:
    """Small bad files of which a rule must notice what is bad; its root stands for ours."""

    def __init__(self, root: Path) -> None:
        """Write below a directory."""
        self._root = root
        self._written = 0

    def write(self, text: str, folder: str = "penholder_daemon/core", called: str = "") -> Path:
        """Write a file: a module of the core, unless another place is named."""
        self._written += 1  # no path twice, since what was parsed is kept
        path = self._root / folder / (called or f"bad_{self._written}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def breaks(
        self, rule: Rule, text: str, folder: str = "penholder_daemon/core", called: str = ""
    ) -> list[int]:
        """Return the lines of a bad file that a rule finds fault with."""
        return [line for line, _ in sorted(set(rule(self.write(text, folder, called))))]


def place(path: Path) -> str:
    """Return a path as it is told: from the root of the repository."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


@cache
def files(*directories: str) -> tuple[Path, ...]:
    """Return every module below these directories, without what is generated."""
    found = (path for name in directories for path in (ROOT / name).rglob("*.py"))
    return tuple(sorted(path for path in found if GENERATED not in path.parents))


@cache
def tree(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text("utf-8"), str(path))


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number the lines of a file from 1."""
    return enumerate(path.read_text("utf-8").splitlines(), start=1)


def name(path: Path) -> str:
    """Return a module's dotted name if it is in one of our packages, else its path."""
    for package, root in PACKAGES.items():
        if path.is_relative_to(root):
            parts = path.relative_to(root).with_suffix("").parts
            return ".".join([package, *(part for part in parts if part != "__init__")])
    return place(path)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every module that a module imports, and on which line; a relative one with its dots."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield module, node.lineno
            package = module if module.endswith(".") else f"{module}."
            for alias in node.names:
                yield f"{package}{alias.name}", node.lineno


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a module, methods and inner ones too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@cache
def comments(path: Path) -> tuple[Offence, ...]:
    """Return every comment of a module with its line."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    return tuple((each.start[0], each.string) for each in tokens if each.type == tokenize.COMMENT)


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every plain name that a module calls, and on which line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node.lineno
