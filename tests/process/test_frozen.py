"""The database of every schema that was released must load for ever, with all that it held."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from penholder_daemon import migrations
from tests.frozen.make import HERE, Kept
from tests.helpers.daemon_process import DaemonProcess, Json

FROZEN = sorted(HERE.glob("schema_*.db"))


@pytest.fixture(params=FROZEN, ids=lambda path: path.stem)
def frozen(request: pytest.FixtureRequest, short_dir: Path) -> Iterator[tuple[Path, DaemonProcess]]:
    """Give a frozen database and a daemon that runs on a copy of it."""
    found: Path = request.param
    daemon = DaemonProcess(short_dir)
    daemon.state_dir.mkdir(mode=0o700)
    shutil.copy(found, daemon.state_dir / "penholder.db")
    daemon.start()
    yield found, daemon
    daemon.end()


def _lacks(kept: Json | list[Json], found: object) -> Iterator[str]:
    """Yield what is not as it was kept; records may have gained fields."""
    if isinstance(kept, dict) and isinstance(found, dict):
        for name, value in kept.items():
            yield from (f".{name}{lack}" for lack in _lacks(value, found.get(name)))
    elif isinstance(kept, list) and isinstance(found, list) and len(kept) == len(found):
        for number, value in enumerate(kept):
            yield from (f"[{number}]{lack}" for lack in _lacks(value, found[number]))
    elif kept != found:
        yield f": {found!r}, and {kept!r} was kept"


def test_a_released_database_loads_with_all_that_it_held(
    frozen: tuple[Path, DaemonProcess],
) -> None:
    found, daemon = frozen
    calls = msgspec.json.decode(found.with_suffix(".json").read_bytes(), type=list[Kept])
    assert calls
    with daemon.connect() as control:
        for call in calls:
            answer = control.call(call.method, **call.params)
            assert [f"{call.method}{lack}" for lack in _lacks(call.answer, answer)] == []
        assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}


def test_what_was_open_in_it_can_be_gone_on_with(frozen: tuple[Path, DaemonProcess]) -> None:
    _, daemon = frozen
    with daemon.connect() as control:
        status = control.call("controller.status", controller_id="ctl_held")
        assert status["state"] == "active"
        handle = control.call("controller.acquire", controller_id="ctl_held", takeover=True)
        assert handle["epoch"] == status["active_owner"]["epoch"] + 1
        # Its process was one of another machine.
        assert control.call("worker.get", worker_id="w_seated")["state"] == "error"
        claimed = control.call("run.claim", run_id="run_held", runner_id="r", lease_ms=1000)
        assert claimed["lease"]["epoch"] == 2
        assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}


def test_the_newest_schema_needs_no_copy_and_older_ones_are_kept(
    frozen: tuple[Path, DaemonProcess],
) -> None:
    found, daemon = frozen
    kept = list((daemon.state_dir / "backups").glob("before-schema-*"))
    assert len(kept) == (found.stem != f"schema_{len(migrations.steps())}")


def test_the_comparison_notices_what_is_gone() -> None:
    assert list(_lacks({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2, "new": 3}], "new": 4})) == []
    assert list(_lacks({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]})) != []
    assert list(_lacks({"a": [1]}, {"a": []})) != []
    assert list(_lacks({"a": None}, {"a": 0})) != []
