"""Imports point down only, and the core and the rooms are pure."""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from penholder_daemon.generate.__main__ import ROOT
from tests.tidy.source import (
    WRITTEN_BY_HAND,
    Offence,
    Scratch,
    calls,
    files,
    imports,
    name,
    place,
    require,
    require_none,
)

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
    "blobs",
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
PURE = [
    each
    for each in files(
        "protocol/penholder_protocol",
        "daemon/penholder_daemon/core",
        "daemon/penholder_daemon/rooms",
    )
    if each.name != "light_imports.py"  # imports for programs of both sides, and does nothing else
]
SHELL = files("daemon/penholder_daemon/shell")


def _relative(path: Path) -> Iterator[Offence]:
    return ((line, f"imports {each}") for each, line in imports(path) if each.startswith("."))


def test_nothing_is_imported_relatively() -> None:
    """The other rules know modules by their whole names."""
    require(_relative, files(*WRITTEN_BY_HAND))


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


def _upward(path: Path) -> Iterator[Offence]:
    own = _floor(name(path))
    if own is None:
        yield 1, "stands on no floor"
        return
    for imported, line in imports(path):
        if (_floor(imported) or 0) > own:
            yield line, f"imports {imported} from above"
        if _package(imported) == "penholder":
            yield line, f"imports {imported} of the clients"


def _package(module: str) -> str:
    return module.partition(".")[0]


def test_imports_point_down() -> None:
    require(_upward, files("protocol", "daemon"))


def _importing(path: Path, packages: Iterable[str]) -> Iterator[Offence]:
    for imported, line in imports(path):
        if _package(imported) in packages:
            yield line, f"imports {imported}"


def _knowing(path: Path) -> Iterator[Offence]:
    return _importing(path, {"penholder_daemon"})


def test_clients_know_the_protocol_only() -> None:
    require(_knowing, files("clients"))


def _mistaken(path: Path) -> Iterator[Offence]:
    return _importing(path, TAKEN_NAMES)


def test_nothing_imports_a_name_of_another_project() -> None:
    """Daemon, protocol and clients are source roots; as packages they belong to others."""
    require(_mistaken, PRODUCT)


def _packages_among(roots: Iterable[Path]) -> list[str]:
    return [place(root) for root in roots if (root / "__init__.py").exists()]


def test_source_roots_are_no_packages() -> None:
    require_none(_packages_among(ROOT / root for root in sorted(TAKEN_NAMES)))


def _impure(path: Path) -> Iterator[Offence]:
    yield from _importing(path, IMPURE)
    for imported, line in imports(path):
        if imported == "pathlib.Path":
            yield line, f"imports {imported}"
    for called, line in calls(path):
        if called in IMPURE_CALLS:
            yield line, f"calls {called}"


def test_core_and_rooms_are_pure() -> None:
    # It compiles text that is made of names of fields, when a module is loaded.
    compiles = ROOT / "protocol/penholder_protocol/positional.py"
    assert [what for _, what in _impure(compiles)] == ["calls eval"]
    require(_impure, [path for path in PURE if path != compiles])


def _wing(module: str) -> int | None:
    """Return the place of a wing of the shell, counted from the top."""
    found = WING.match(module)
    return WINGS.index(found[1]) if found and found[1] in WINGS else None


def _against_the_list(path: Path) -> Iterator[Offence]:
    own = _wing(name(path))
    for imported, line in imports(path):
        other = _wing(imported)
        if own is not None and other is not None and other < own:
            yield line, f"imports {imported} of a wing above"


def test_wings_import_downwards() -> None:
    require(_against_the_list, SHELL)
    assert {found[1] for path in SHELL if (found := WING.match(name(path)))} == set(WINGS)


def _loaded(modules: Iterable[str]) -> list[str]:
    """Return what a program that imports these modules has of what it should do without."""
    script = (
        f"import importlib, sys; [importlib.import_module(n) for n in {list(modules)}];"
        "print(*[n for n in ('trio', 'penholder_daemon') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


def test_the_command_line_needs_neither_trio_nor_the_daemon() -> None:
    """It starts in the time that its imports take; `penholder up` runs the daemon as a program."""
    require_none(_loaded(name(path) for path in files("clients/penholder/cli")))


def test_imports_upward_are_noticed(scratch: Scratch) -> None:
    bad = (
        "import penholder_daemon.shell.disk.lock\nfrom penholder_daemon import core, rooms\n"
        "import penholder_protocol\nfrom penholder.blocking import Client\n"
    )
    assert scratch.breaks(_upward, bad) == [1, 2, 4, 4]
    assert scratch.breaks(_upward, bad, "penholder_daemon") == [4, 4]
    assert scratch.breaks(_upward, "from penholder_daemon.core import fence\n", "lost") == [1]
    assert scratch.breaks(_upward, "import penholder_daemon.shell\n", "penholder_daemon/migrations")
    assert not scratch.breaks(_upward, "import penholder_daemon\nimport penholder_daemon.core\n")
    assert scratch.breaks(_relative, "import a\nfrom . import b\nfrom ..c import d\n") == [
        2,
        2,
        3,
        3,
    ]


def test_imports_of_what_is_not_theirs_are_noticed(scratch: Scratch) -> None:
    bad = "import penholder\nimport penholder_daemon.core\nfrom penholder_daemon import core\n"
    assert scratch.breaks(_knowing, bad, "penholder") == [2, 3, 3]
    bad = "import penholder\nimport daemon\nfrom protocol.a import b\nimport clients.c\n"
    assert scratch.breaks(_mistaken, bad) == [2, 3, 3, 4]
    scratch.write("", "root", "__init__.py")
    assert _packages_among(each.parent for each in (scratch.write("", "root"), scratch.write("")))
    assert _loaded(["penholder", "penholder.blocking"]) == []
    assert _loaded(["trio", "penholder_daemon.core"]) == ["trio", "penholder_daemon"]


def test_impurity_is_noticed(scratch: Scratch) -> None:
    bad = (
        "import math, time\nfrom trio import sleep\nfrom pathlib import Path\n"
        "import os.path\nopen(a)\na.open()\nprint(1)\n"
    )
    assert scratch.breaks(_impure, bad) == [1, 2, 2, 3, 4, 5, 7]
    assert scratch.breaks(_impure, "from pathlib import PurePath\nimport math\n") == []


def test_wings_that_reach_up_are_noticed(scratch: Scratch) -> None:
    bad = "import penholder_daemon.shell.settings\nimport penholder_daemon.shell.running.exits\n"
    assert scratch.breaks(_against_the_list, bad, "penholder_daemon/shell/store") == [2]
    assert scratch.breaks(_against_the_list, bad, "penholder_daemon/shell/running") == []
