"""A server is put back, or a dump read in, and no daemon is told: nothing is given out twice."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from penholder_daemon.core.handed_out import UNKNOWN_STEP
from tests.helpers.daemon_process import DaemonProcess, RawConnection
from tests.helpers.other_histories import (
    Owner,
    await_breaks,
    breaks,
    check_gone,
    numbers,
    pos,
    read,
)
from tests.helpers.postgresql import Server
from tests.helpers.postgresql_copies import DATABASE, Primary, Recovered
from tests.helpers.waiting import until

_COMMAND_SECONDS = 60


def test_a_recovery_to_a_moment_is_noticed_by_whoever_is_started_on_it(
    primary: Primary,
    servers: Callable[[Server], None],
    serve: Callable[..., DaemonProcess],
) -> None:
    recovered = Recovered(primary)
    servers(recovered)
    daemon = serve(primary, recovered)
    with daemon.connect() as control:
        owner = Owner(control)
        owner.append(control, 1)
        ended_pos = pos(control)
        primary.ask("SELECT pg_create_restore_point('then')")
        lost_pos = owner.append(control, 2)
    assert daemon.stop() == 0
    log = primary.ask("SELECT pg_walfile_name(pg_switch_wal())")
    until((primary.archive / str(log)).exists)
    primary.stop()
    recovered.recover("then")
    _check_begun_anew(daemon, owner, ended_pos, lost_pos)


def _check_begun_anew(daemon: DaemonProcess, owner: Owner, ended_pos: int, lost_pos: int) -> None:
    """Start a daemon, which is told of nothing, on less than it has acknowledged."""
    for _ in range(2):
        daemon.start()
        with daemon.connect() as control:
            check_gone(control, lost_pos, ended_pos)
            assert owner.is_fenced(control, owner.fence)
            [told] = breaks(control)
            assert (told["ended_pos"], told["fenced"], told["owners"]) == (ended_pos, True, 1)
            assert control.call("daemon.verify") == {"ok": True, "findings": []}
        assert daemon.stop() == 0
    daemon.start()
    with daemon.connect() as control:
        assert owner.acquire(control) > UNKNOWN_STEP
        owner.append(control, 3)
        assert numbers(read(control, ended_pos)) == [3]


def _dump(server: Server, dump: Path) -> None:
    _run(server, "pg_dump", "--format=custom", "--schema=penholder", f"--file={dump}",
         server.url(DATABASE))  # fmt: skip


def _restore(server: Server, dump: Path) -> None:
    _run(server, "pg_restore", "--exit-on-error", "--single-transaction",
         f"--dbname={server.url(DATABASE)}", str(dump))  # fmt: skip


def _run(server: Server, program: str, *words: str) -> None:
    subprocess.run([server.programs / program, *words], check=True, timeout=_COMMAND_SECONDS)


class _Dumped(NamedTuple):
    """What somebody has done before and after a dump."""

    owner: Owner
    ended_pos: int
    lost_pos: int


def _dump_amid(control: RawConnection, primary: Primary, dump: Path) -> _Dumped:
    owner = Owner(control)
    ended_pos = owner.append(control, 1)
    _dump(primary, dump)
    return _Dumped(owner, ended_pos, owner.append(control, 2))


def test_a_dump_in_a_new_database_is_noticed_too(
    primary: Primary, serve: Callable[..., DaemonProcess], tmp_path: Path
) -> None:
    daemon = serve(primary)
    with daemon.connect() as control:
        owner, ended_pos, lost_pos = _dump_amid(control, primary, tmp_path / "dump")
    assert daemon.stop() == 0
    primary.ask(f"ALTER DATABASE {DATABASE} RENAME TO before")
    primary.make(DATABASE)
    _restore(primary, tmp_path / "dump")
    _check_begun_anew(daemon, owner, ended_pos, lost_pos)


def test_a_dump_that_is_put_in_place_under_a_daemon_is_noticed_by_it(
    primary: Primary, serve: Callable[..., DaemonProcess], tmp_path: Path
) -> None:
    daemon = serve(primary)
    with daemon.connect() as control:
        owner, ended_pos, lost_pos = _dump_amid(control, primary, tmp_path / "dump")
        with_schema = primary.url(DATABASE)
        _run(primary, "psql", "--quiet", "-c", "DROP SCHEMA penholder CASCADE", with_schema)
        _restore(primary, tmp_path / "dump")
        await_breaks(control, 1)
        check_gone(control, lost_pos, ended_pos)
        assert owner.is_fenced(control, owner.fence)
    assert daemon.stop() == 0
    daemon.start()
    with daemon.connect() as control:
        assert len(breaks(control)) == 1
