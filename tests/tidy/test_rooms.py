"""What a module of a room is, its name says; methods are used by nobody, records form no circle."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.tidy.source import Offence, Scratch, files, imports, name, require, require_none

ROOMS = files("daemon/penholder_daemon/rooms")
LIST = "penholder_daemon.rooms"
KNOWN = {name(path) for path in ROOMS if path.name != "__init__.py"}


def _circles(paths: Iterable[Path]) -> list[str]:
    """Return each module that is in a circle or needs one that is, with those that it needs."""
    modules = {name(path): path for path in paths if path.name != "__init__.py"}
    needs = {
        module: {imported for imported, _ in imports(path) if imported in modules} - {module}
        for module, path in modules.items()
    }
    while free := {module for module, others in needs.items() if not others & set(needs)}:
        needs = {module: others for module, others in needs.items() if module not in free}
    return [f"{module} needs {sorted(others & set(needs))}" for module, others in needs.items()]


def test_rooms_form_no_circle() -> None:
    require_none(_circles(ROOMS))


def _is_methods(module: str) -> bool:
    """Tell what is said by its name: a room of one file, or methods of a room."""
    parts = module.removeprefix(f"{LIST}.").split(".")
    return module.startswith(f"{LIST}.") and (len(parts) == 1 or parts[1] == "methods")


def _is_records(module: str) -> bool:
    parts = module.removeprefix(f"{LIST}.").split(".")
    return len(parts) > 1 and parts[1] == "records"


def _may_use(module: str, methods: str) -> bool:
    """Tell whether both are methods of one folder, or the one is the list of the other."""
    folder = methods.rpartition(".")[0]
    is_beside = module in (folder, f"{folder}.{module.rpartition('.')[2]}")
    return module == LIST or (folder.endswith(".methods") and is_beside)


def _using_methods(path: Path) -> Iterator[Offence]:
    for imported, line in imports(path):
        is_used = imported in KNOWN and _is_methods(imported)
        if is_used and not _may_use(name(path), imported):
            yield line, f"uses {imported}, which are methods"


def test_methods_are_used_by_nobody() -> None:
    """But by the package that puts a room together of them, and by the list of rooms."""
    require(_using_methods, ROOMS)


def _nameless(path: Path) -> Iterator[Offence]:
    if path.name == "__init__.py" or _is_methods(name(path)) or _is_records(name(path)):
        return
    yield 1, "is neither methods nor records of a room"


def test_every_module_of_a_room_says_what_it_is() -> None:
    require(_nameless, ROOMS)


def test_modules_without_a_name_are_noticed(scratch: Scratch) -> None:
    rooms = "penholder_daemon/rooms"
    assert scratch.breaks(_nameless, "", f"{rooms}/runs") == [1]
    assert scratch.breaks(_nameless, "", f"{rooms}/runs", "records.py") == []
    assert scratch.breaks(_nameless, "", f"{rooms}/runs/methods") == []
    assert scratch.breaks(_nameless, "", rooms) == []


def test_uses_of_methods_are_noticed(scratch: Scratch) -> None:
    rooms = "penholder_daemon/rooms"
    bad = (
        f"import {LIST}.events\nfrom {LIST}.workers import methods\n"
        f"from {LIST}.runs.methods import jobs\nfrom {LIST}.workers import records\n"
    )
    assert scratch.breaks(_using_methods, bad, rooms) == [1, 2, 3]
    assert scratch.breaks(_using_methods, bad, f"{rooms}/workers", "records.py") == [1, 2, 3]
    assert scratch.breaks(_using_methods, bad, f"{rooms}/runs/records") == [1, 2, 3]
    assert scratch.breaks(_using_methods, bad, f"{rooms}/runs/methods") == [1, 2]
    assert scratch.breaks(_using_methods, bad, rooms, "__init__.py") == []


def test_circles_are_noticed(scratch: Scratch) -> None:
    def room(called: str, needed: str) -> Path:
        text = f"from penholder_daemon.rooms.{needed} import x\n"
        return scratch.write(text, "penholder_daemon/rooms", called)

    line = [room("a.py", "b"), room("b.py", "c"), room("c.py", "c")]
    assert _circles(line) == []
    circle = [room("d.py", "e"), room("e.py", "f"), room("f.py", "d"), *line]
    assert len(_circles(circle)) == 3
