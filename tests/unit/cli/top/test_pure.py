"""Facts, choices and rows know no clock, no socket, no thread and no screen."""

import ast
from pathlib import Path

import pytest

from penholder.cli import top

ROOT = Path(top.__file__).parent
PURE = sorted((*(ROOT / "model").glob("*.py"), *(ROOT / "drawing").glob("*.py")))
IMPURE = {
    "textual",
    "time",
    "os",
    "socket",
    "threading",
    "subprocess",
    "asyncio",
    "random",
    "queue",
}


def _impurities(text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [each.name for each in node.names if each.name.split(".")[0] in IMPURE]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in IMPURE:
            found.append(str(node.module))
        elif isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
            found.append(node.attr)
        elif isinstance(node, ast.Name) and node.id in ("open", "print", "input"):
            found.append(node.id)
    return found


@pytest.mark.parametrize("path", PURE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_it_is_a_function_of_what_it_is_given(path: Path) -> None:
    assert _impurities(path.read_text("utf-8")) == []


def test_what_is_not_is_noticed() -> None:
    bad = "import time\nfrom textual.app import App\ndatetime.now()\nopen('x')\n"
    assert len(_impurities(bad)) == 4
    assert len(PURE) > 15
