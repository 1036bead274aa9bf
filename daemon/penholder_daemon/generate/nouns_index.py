"""What `penholder_protocol.nouns` hands on: every record of its modules.

Written from the text of the modules, and first of all that is generated: rooms import from `nouns`,
so with a new record they could not be imported before it is handed on.
"""

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

NOUNS = Path(__file__).resolve().parents[3] / "protocol/penholder_protocol/nouns"
_WORDS = "words.py"
_PACKAGE = "penholder_protocol.nouns"
_WIDTH = 100
_OPENING = '''"""The records and words of the contract, as typed structures.

`from penholder_protocol import nouns`, then `nouns.Worker`, `nouns.WorkerId` and so on. Made by
`make generate` from the modules beside it, each of which is imported when something of it is first
asked for: a command that needs two records does not wait for a hundred.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
'''
_CLOSING = '''

def __getattr__(name: str) -> object:
    """Import what has not been asked for yet."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List all of them, asked for or not."""
    return [*globals(), *__all__]
'''


def render() -> str:
    """Return the text of the package's `__init__`."""
    modules = {path.stem: sorted(_records(path)) for path in sorted(NOUNS.glob("*.py"))}
    lines = [_line(module, names) for module, names in modules.items() if names]
    where = {name: module for module, names in modules.items() for name in names}
    listed = "".join(f'    "{name}",\n' for name in sorted(where))
    mapped = "".join(f'    "{name}": "{where[name]}",\n' for name in sorted(where))
    imports = textwrap.indent("".join(lines), "    ")
    return f"{_OPENING}{imports}\n__all__ = [\n{listed}]\n_MODULES = {{\n{mapped}}}\n{_CLOSING}"


def _records(path: Path) -> Iterator[str]:
    if path.name in ("__init__.py", _WORDS):
        return
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def _line(module: str, names: list[str]) -> str:
    line = f"from {_PACKAGE}.{module} import {', '.join(names)}\n"
    if len(line) <= _WIDTH + 1 - len("    "):
        return line
    listed = "".join(f"    {name},\n" for name in names)
    return f"from {_PACKAGE}.{module} import (\n{listed})\n"


if __name__ == "__main__":
    (NOUNS / "__init__.py").write_text(render(), "utf-8")
