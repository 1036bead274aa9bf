"""The exact versions of `constraints.txt` are ones that every Python which is named can have."""

import tomllib
from importlib.metadata import PackageNotFoundError, metadata

from packaging.specifiers import SpecifierSet

from penholder_daemon.generate.__main__ import ROOT

PINNED = [
    line.partition("==")[0]
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if "==" in line
]


def _needs(name: str) -> str | None:
    try:
        return metadata(name)["Requires-Python"]
    except PackageNotFoundError:  # it is for other machines, or another Python
        return None


def _oldest_python() -> str:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    return f"{told.removeprefix('>=')}.0"


def test_each_is_for_the_oldest_python_too() -> None:
    """A patch release counts: a distribution's Python stays at the one that it began with."""
    needed = {name: told for name in PINNED if (told := _needs(name)) is not None}
    assert len(needed) > len(PINNED) / 2
    oldest = _oldest_python()
    too_new = {
        name: told for name, told in needed.items() if not SpecifierSet(told).contains(oldest)
    }
    assert too_new == {}
