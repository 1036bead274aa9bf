"""The library and its two clients stand alone: neither knows the other, nor the command line."""

from collections.abc import Iterator
from pathlib import Path

from tests.tidy.source import Offence, Scratch, files, imports, name, require

COMMAND_LINE = "penholder.cli"
BLOCKING = ("penholder.blocking", "penholder._blocking")
TRIO = ("penholder.client", "penholder._trio")
APART = {
    "penholder._shared": (*BLOCKING, *TRIO),
    **dict.fromkeys(BLOCKING, TRIO),
    **dict.fromkeys(TRIO, BLOCKING),
}
"""What must not know what: whatever both clients use is in `_shared`."""


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _reaches_over(module: str, imported: str) -> bool:
    """Tell whether the library uses the command line, or one of its clients the other."""
    if _is_in(imported, COMMAND_LINE):
        return not _is_in(module, COMMAND_LINE)
    return any(
        _is_in(module, own) and any(_is_in(imported, other) for other in others)
        for own, others in APART.items()
    )


def _reaching_over(path: Path) -> Iterator[Offence]:
    for imported, line in imports(path):
        if _reaches_over(name(path), imported):
            yield line, f"imports {imported}"


def test_the_library_and_its_two_clients_stand_alone() -> None:
    require(_reaching_over, files("clients/penholder"))


def test_who_reaches_over_is_noticed(scratch: Scratch) -> None:
    bad = (
        "import penholder.cli.terminal.failures\nimport penholder._blocking.connection\n"
        "import penholder._trio.line\nimport penholder._shared.call\n"
    )
    assert scratch.breaks(_reaching_over, bad, "penholder") == [1]
    assert scratch.breaks(_reaching_over, bad, "penholder/_trio") == [1, 2]
    assert scratch.breaks(_reaching_over, bad, "penholder/_blocking") == [1, 3]
    assert scratch.breaks(_reaching_over, bad, "penholder/_shared") == [1, 2, 3]
    assert scratch.breaks(_reaching_over, bad, "penholder/cli") == []
