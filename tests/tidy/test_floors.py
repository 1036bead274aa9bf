"""Imports point down only, and the core and the rooms are pure."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from penholder_daemon.generate.__main__ import ROOT
from tests.tidy.source import PACKAGES, files, imports, name, tree

FLOORS = [
    "penholder_protocol",
    "penholder_daemon.core",
    "penholder_daemon.rooms",
    "penholder_daemon.shell",
    "penholder_daemon",  # main, generate, and what else puts it together
]
WINGS = (
    "running",
    "listening",
    "connections",
    "publishing",
    "store",
    "fairness",
    "observing",
    "disk",
    "kernel",
    "systemd",
    "settings",
)
"""The shell's folders, each of which may import those after it."""
WING = re.compile(r"penholder_daemon\.shell\.(\w+)")
BESIDE = {"penholder_daemon.migrations": 2}
"""The schema belongs to core and rooms: the shell may use it, they may not use the shell."""
COMMAND_LINE = "penholder.cli"
BLOCKING = ("penholder.blocking", "penholder._blocking")
TRIO = ("penholder.client", "penholder._trio")
APART = {
    "penholder._shared": (*BLOCKING, *TRIO),
    **dict.fromkeys(BLOCKING, TRIO),
    **dict.fromkeys(TRIO, BLOCKING),
}
"""What must not know what: whatever both clients use is in `_shared`."""
IMPURE = {
    "apsw",
    "asyncio",
    "datetime",
    "multiprocessing",
    "os",
    "random",
    "secrets",
    "select",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "trio",
    "uuid",
}
IMPURE_CALLS = {"open", "input", "print", "exec", "eval", "__import__"}
TAKEN_NAMES = {"daemon", "protocol", "clients"}
PRODUCT = files("protocol", "daemon", "clients")
PURE = files("protocol/penholder_protocol", "daemon/penholder_daemon/core") + files(
    "daemon/penholder_daemon/rooms"
)
ROOMS = files("daemon/penholder_daemon/rooms")


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _floor(module: str) -> int | None:
    """Return the floor that a module of ours stands on; clients stand beside the daemon."""
    for prefix, floor in BESIDE.items():
        if module == prefix or module.startswith(prefix + "."):
            return floor
    if module == "penholder_daemon":  # the package itself holds a docstring
        return 0
    for floor, prefix in enumerate(FLOORS):
        if module == prefix or module.startswith(prefix + "."):
            return floor
    return None


@pytest.mark.parametrize("path", files("protocol", "daemon"), ids=_id)
def test_imports_point_down(path: Path) -> None:
    own = _floor(name(path))
    if own is None:
        assert "stubs" in path.parts or path.suffix != ".py"
        return
    for imported, line in imports(path):
        floor = _floor(imported)
        assert floor is None or floor <= own, f"line {line} imports {imported} from above"
        assert not imported.startswith("penholder."), f"line {line} imports the clients"


@pytest.mark.parametrize("path", files("clients"), ids=_id)
def test_clients_know_the_protocol_only(path: Path) -> None:
    for imported, line in imports(path):
        assert imported.partition(".")[0] != "penholder_daemon", f"line {line}: {imported}"


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


def test_the_library_and_its_two_clients_stand_alone() -> None:
    over = [
        f"{name(path)}, line {line}: {imported}"
        for path in files("clients/penholder")
        for imported, line in imports(path)
        if _reaches_over(name(path), imported)
    ]
    assert over == []


@pytest.mark.parametrize("path", PRODUCT, ids=_id)
def test_nothing_imports_a_name_of_another_project(path: Path) -> None:
    """Daemon, protocol and clients are source roots; as packages they belong to others."""
    for imported, line in imports(path):
        assert imported.partition(".")[0] not in TAKEN_NAMES, f"line {line}: {imported}"


def test_source_roots_are_no_packages() -> None:
    for root in TAKEN_NAMES:
        assert not (ROOT / root / "__init__.py").exists()


@pytest.mark.parametrize("path", PURE, ids=_id)
def test_core_and_rooms_are_pure(path: Path) -> None:
    for imported, line in imports(path):
        assert imported.partition(".")[0] not in IMPURE, f"line {line} imports {imported}"
        assert imported != "pathlib.Path", f"line {line} imports {imported}"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in IMPURE_CALLS, f"line {node.lineno} calls {node.func.id}"


def _wing(module: str) -> int | None:
    """Return the place of a wing of the shell, counted from the top."""
    found = WING.match(module)
    return WINGS.index(found[1]) if found and found[1] in WINGS else None


def _is_upward(module: str, imported: str) -> bool:
    own, other = _wing(module), _wing(imported)
    return own is not None and other is not None and other < own


def test_wings_import_downwards() -> None:
    shell = files("daemon/penholder_daemon/shell")
    upward = [
        f"{name(path)}, line {line}: {imported}"
        for path in shell
        for imported, line in imports(path)
        if _is_upward(name(path), imported)
    ]
    assert upward == []
    assert {found[1] for path in shell if (found := WING.match(name(path)))} == set(WINGS)


def test_rooms_form_no_circle() -> None:
    known = {name(path) for path in ROOMS}
    needs = {
        name(path): {imported for imported, _ in imports(path) if imported in known} - {name(path)}
        for path in ROOMS
        if path.name != "__init__.py"
    }
    while free := {module for module, others in needs.items() if not others & set(needs)}:
        needs = {module: others for module, others in needs.items() if module not in free}
    assert needs == {}, "these need each other"


def _is_methods(module: str) -> bool:
    """Tell what is said by its name: a room of one file, or methods of a room."""
    parts = module.split(".")[2:]
    return bool(parts) and (len(parts) == 1 or parts[1] == "methods")


def _is_records(module: str) -> bool:
    parts = module.split(".")[2:]
    return len(parts) > 1 and parts[1] == "records"


def _may_use_methods(module: str, imported: str) -> bool:
    """Tell whether these are methods of one folder, or one is the list of the others."""
    folder = imported.rpartition(".")[0]
    own = module in (folder, f"{folder}.{module.rpartition('.')[2]}")
    return module == "penholder_daemon.rooms" or (folder.endswith(".methods") and own)


def test_methods_are_used_by_nobody() -> None:
    """But by the package that puts a room together of them, and by the list of rooms."""
    known = {name(path) for path in ROOMS if path.name != "__init__.py"}
    used = [
        f"{name(path)}, line {line}: {imported}"
        for path in ROOMS
        for imported, line in imports(path)
        if imported in known and _is_methods(imported)
        if not _may_use_methods(name(path), imported)
    ]
    assert used == []


def test_every_module_of_a_room_says_what_it_is() -> None:
    nameless = [
        name(path)
        for path in ROOMS
        if path.name != "__init__.py"
        if not (_is_methods(name(path)) or _is_records(name(path)))
    ]
    assert nameless == []


def test_the_rules_notice_what_breaks_them(tmp_path: Path) -> None:
    """A rule that never fails is none."""
    bad = tmp_path / "bad.py"
    bad.write_text("import time\nfrom trio import sleep\nimport penholder_daemon.shell.disk.lock\n")
    found = {imported for imported, _ in imports(bad)}
    assert {"time", "trio", "trio.sleep", "penholder_daemon.shell.disk.lock"} <= found
    assert {each.partition(".")[0] for each in found} & IMPURE == {"time", "trio"}
    assert _floor("penholder_daemon.shell.disk.lock") == 3
    assert _floor("penholder_daemon.core.world") == 1
    assert _floor("penholder_protocol.limits") == 0
    assert _floor("penholder_daemon.main") == 4
    assert len(PACKAGES) == 3
    rooms = "penholder_daemon.rooms."
    assert _is_methods(f"{rooms}events")
    assert _is_methods(f"{rooms}runs.methods.jobs")
    assert not _is_methods(f"{rooms}runs.records.methods")
    assert not _is_records(f"{rooms}runs.claiming")
    assert not _may_use_methods(f"{rooms}tasks", f"{rooms}events")
    assert not _may_use_methods(f"{rooms}workers.records", f"{rooms}workers.methods")
    assert not _may_use_methods(f"{rooms}runs.records.jobs", f"{rooms}runs.methods.jobs")
    assert _may_use_methods(f"{rooms}queue.methods.reading", f"{rooms}queue.methods.writing")
    assert _is_upward("penholder_daemon.shell.store.writer", "penholder_daemon.shell.running.exits")
    assert not _is_upward("penholder_daemon.shell.store.writer", "penholder_daemon.shell.settings")
    assert _reaches_over("penholder.paths", "penholder.cli.terminal.failures")
    assert _reaches_over("penholder._trio.line", "penholder._blocking.connection")
    assert not _reaches_over("penholder._trio.line", "penholder._shared.call")
    assert not _reaches_over("penholder.cli.main", "penholder.blocking")


def test_the_command_line_needs_neither_trio_nor_the_daemon() -> None:
    """It starts in the time that its imports take; `penholder up` runs the daemon as a program."""
    commands = [name(path) for path in files("clients/penholder/cli")]
    script = (
        f"import importlib, sys; [importlib.import_module(n) for n in {commands}];"
        "print([n for n in ('trio', 'penholder_daemon') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
