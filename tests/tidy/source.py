"""Our own source files, parsed once, for the tests of the house's rules."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from penholder_daemon.generate.__main__ import ROOT

PACKAGES = {
    "penholder_protocol": ROOT / "protocol/penholder_protocol",
    "penholder_daemon": ROOT / "daemon/penholder_daemon",
    "penholder": ROOT / "clients/penholder",
}
WRITTEN_BY_HAND = ("protocol", "daemon", "clients", "tests", "bench", "examples")
GENERATED = ROOT / "clients/penholder/_generated"


@cache
def files(*directories: str) -> tuple[Path, ...]:
    """Return every module below these directories, without what is generated."""
    found = (path for name in directories for path in (ROOT / name).rglob("*.py"))
    return tuple(sorted(path for path in found if GENERATED not in path.parents))


@cache
def tree(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text("utf-8"), str(path))


def name(path: Path) -> str:
    """Return a module's dotted name if it is in one of our packages, else its path."""
    for package, root in PACKAGES.items():
        if path.is_relative_to(root):
            parts = path.relative_to(root).with_suffix("").parts
            return ".".join([package, *(part for part in parts if part != "__init__")])
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every module that a module imports, and on which line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            module = node.module or ""
            yield module, node.lineno
            for alias in node.names:
                yield f"{module}.{alias.name}", node.lineno


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a module, methods and inner ones too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
