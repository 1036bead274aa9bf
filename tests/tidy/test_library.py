"""The library and its clients stand alone: none knows another, nor the command line."""

from collections.abc import Iterator
from pathlib import Path

from tests.tidy.source import Offence, Scratch, files, imports, name, require

COMMAND_LINE = "penholder.cli"
PARTS = (
    "main",
    "manual",
    "completion",
    "words",
    "mcp",
    "timeline",
    "watch",
    "attach",
    "top",
    "doctor",
    "service",
    "agent",
    "run",
    "commands",
    "verbs",
    "workers",
    "terminal",
    "daemon_process",
    "contract",
    "catalog",
    "pages",
)
"""Of the command line, each of which may import those after it."""
BLOCKING = ("penholder.blocking", "penholder._blocking")
AWAITED = ("penholder.client", "penholder._awaited")
TRIO, ASYNCIO = "penholder._trio", "penholder._asyncio"
APART = {
    "penholder._shared": (*BLOCKING, *AWAITED, TRIO, ASYNCIO),
    **dict.fromkeys(BLOCKING, (*AWAITED, TRIO, ASYNCIO)),
    "penholder.client": BLOCKING,
    "penholder._awaited": (*BLOCKING, "penholder.client", TRIO, ASYNCIO),
    TRIO: (*BLOCKING, "penholder.client", ASYNCIO),
    ASYNCIO: (*BLOCKING, "penholder.client", TRIO),
}
"""What must not know what: `_shared` is for all, `_awaited` for trio and asyncio."""


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


def test_the_library_and_its_clients_stand_alone() -> None:
    require(_reaching_over, files("clients/penholder"))


def _part(module: str) -> int | None:
    """Return the place of a part of the command line, counted from the top."""
    found = module.removeprefix(f"{COMMAND_LINE}.").split(".")[0]
    return PARTS.index(found) if module.startswith(f"{COMMAND_LINE}.") and found in PARTS else None


def _against_the_list(path: Path) -> Iterator[Offence]:
    own = _part(name(path))
    for imported, line in imports(path):
        other = _part(imported)
        if own is not None and other is not None and other < own:
            yield line, f"imports {imported} of a part above"


def test_parts_of_the_command_line_import_downwards() -> None:
    paths = files("clients/penholder/cli")
    require(_against_the_list, paths)
    modules = {name(path).split(".")[2] for path in paths if name(path).count(".") > 1}
    assert modules - {"__main__"} == {*PARTS}


def test_who_reaches_up_is_noticed(scratch: Scratch) -> None:
    bad = "import penholder.cli.verbs.call\nfrom penholder.cli import contract, main\n"
    assert scratch.breaks(_against_the_list, bad, "penholder/cli/terminal") == [1, 2]
    assert scratch.breaks(_against_the_list, bad, "penholder/cli/commands") == [2]
    assert scratch.breaks(_against_the_list, bad, "penholder/cli", "main.py") == []


def test_who_reaches_over_is_noticed(scratch: Scratch) -> None:
    bad = (
        "import penholder.cli.terminal.failures\nimport penholder._blocking.connection\n"
        "import penholder._trio.line\nimport penholder._shared.call\n"
    )
    assert scratch.breaks(_reaching_over, bad, "penholder") == [1]
    assert scratch.breaks(_reaching_over, bad, "penholder/_trio") == [1, 2]
    assert scratch.breaks(_reaching_over, bad, "penholder/_blocking") == [1, 3]
    assert scratch.breaks(_reaching_over, bad, "penholder/_shared") == [1, 2, 3]
    assert scratch.breaks(_reaching_over, bad, "penholder/_awaited") == [1, 2, 3]
    assert scratch.breaks(_reaching_over, bad, "penholder/_asyncio") == [1, 2, 3]
    assert scratch.breaks(_reaching_over, bad, "penholder/cli") == []
