"""What `penholder_protocol.nouns` hands on: every record of its modules.

Written from the text of the modules, and first of all that is generated: rooms import from `nouns`,
so with a new record they could not be imported before it is handed on.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

NOUNS = Path(__file__).resolve().parents[3] / "protocol/penholder_protocol/nouns"
_WORDS = "words.py"
_PACKAGE = "penholder_protocol.nouns"
_WIDTH = 100
_OPENING = '''"""The records and words of the contract, as typed structures.

`from penholder_protocol import nouns`, then `nouns.Worker`, `nouns.WorkerId` and so on. Made by
`make generate` from the modules beside it.
"""
'''


def render() -> str:
    """Return the text of the package's `__init__`."""
    modules = {path.stem: sorted(_records(path)) for path in sorted(NOUNS.glob("*.py"))}
    lines = [_line(module, names) for module, names in modules.items() if names]
    names = sorted(name for found in modules.values() for name in found)
    listed = "".join(f'    "{name}",\n' for name in names)
    return f"{_OPENING}\n{''.join(lines)}\n__all__ = [\n{listed}]\n"


def _records(path: Path) -> Iterator[str]:
    if path.name in ("__init__.py", _WORDS):
        return
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def _line(module: str, names: list[str]) -> str:
    line = f"from {_PACKAGE}.{module} import {', '.join(names)}\n"
    if len(line) <= _WIDTH + 1:
        return line
    listed = "".join(f"    {name},\n" for name in names)
    return f"from {_PACKAGE}.{module} import (\n{listed})\n"


if __name__ == "__main__":
    (NOUNS / "__init__.py").write_text(render(), "utf-8")
