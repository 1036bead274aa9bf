"""The unit files that come with the program, and how their placeholders are filled in."""

import re
from collections.abc import Mapping
from pathlib import Path

from penholder.cli.terminal.failures import Failure

MARKER = "# penholder: written by `penholder service install`; changes belong into a drop-in\n"
"""The first line of every file that is ours to replace and to remove."""
_PACKAGE = Path(__file__).parents[2]
_USUAL = re.compile(r"[\w/.,+:@%~-]+( +[\w/.,+:@%~-]+)*")


def render(scope: str, values: Mapping[str, Path]) -> dict[str, str]:
    """Return the text of every file of `user` or `system`, by name; raises Failure."""
    return {
        path.name: _fill(path.read_text("utf-8"), values)
        for path in sorted((_directory() / scope).iterdir())
    }


def _directory() -> Path:
    """Find them beside this package, or at the root of the checkout that it is used from."""
    installed = _PACKAGE / "systemd"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "systemd"


def _fill(text: str, values: Mapping[str, Path]) -> str:
    for name, path in values.items():
        text = text.replace(f"@{name}@", _escaped(path))
    return text


def _escaped(path: Path) -> str:
    """Write a path as systemd reads it: specifiers doubled, quoted where there is a space."""
    if not _USUAL.fullmatch(str(path)):
        raise Failure(
            f"{path} has characters that a unit file cannot carry safely: use a path of letters,"
            " digits, spaces and / . , + : @ % ~ _ -"
        )
    text = str(path).replace("%", "%%")
    return f'"{text}"' if " " in text else text
