"""Where a name leads to several servers: what is read is what the one holds that is written to."""

from collections.abc import Callable
from pathlib import Path

from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection, make_worker
from tests.helpers.other_histories import await_breaks
from tests.helpers.postgresql_copies import DATABASE, Primary, Standby
from tests.helpers.waiting import until

_CUT_WHO_WRITES = (
    "SELECT COUNT(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
    " WHERE application_name LIKE 'penholder host_%' AND application_name NOT LIKE '% reads'"
)
_READERS = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name LIKE '% reads'"


Serve = Callable[[str], DaemonProcess]


def _at(*hosts: Path) -> str:
    return f"postgresql://penholder@/{DATABASE}?host={','.join(map(str, hosts))}"


def _served(control: RawConnection, method: str, **params: object) -> Json:
    """Make a call, again where the server could not be reached: that is tried once a second."""
    answers: list[Json] = []

    def is_served() -> bool:
        answers.append(control.answer(control.request(method, **params)))
        return "result" in answers[-1]

    until(is_served)
    return dict(answers[-1]["result"])


def _numbers(control: RawConnection, worker_id: str) -> list[int]:
    items = _served(control, "event.list", worker_id=worker_id)["items"]
    return [each["data"]["number"] for each in items]


def _append(control: RawConnection, worker_id: str, number: int) -> None:
    key, data = f"{worker_id}-{number}", {"number": number}
    _served(
        control, "event.append", worker_id=worker_id, type="n", data=data, idempotency_key=key
    )  # fmt: skip


def test_nothing_is_read_from_a_server_that_only_follows(
    primary: Primary, standby: Standby, serve_at: Serve
) -> None:
    with serve_at(_at(primary.directory, standby.directory)).connect() as control:
        worker_id = make_worker(control)
        _append(control, worker_id, 1)
        standby.catch_up()
        primary.stop()
        refused = control.error("event.list", worker_id=worker_id)
        assert refused["data"]["code"] == "STORE_FAILED"
        primary.start()
        _append(control, worker_id, 2)
        standby.fall_behind()
        _append(control, worker_id, 3)
        assert _numbers(control, worker_id) == [1, 2, 3]
        assert standby.ask(_READERS) == 0


def test_who_reads_follows_who_writes_to_another_server(
    primary: Primary, standby: Standby, serve_at: Serve, tmp_path: Path
) -> None:
    # As a name is another machine's: the old one goes on, and keeps the sessions that it has.
    name = tmp_path / "name"
    name.symlink_to(primary.directory)
    with serve_at(_at(name)).connect() as control:
        worker_id = make_worker(control)
        _append(control, worker_id, 1)
        assert _numbers(control, worker_id) == [1]
        standby.catch_up()
        standby.promote()
        name.unlink()
        name.symlink_to(standby.directory)
        primary.ask(_CUT_WHO_WRITES)
        await_breaks(control, 1)
        _append(control, worker_id, 2)
        assert _numbers(control, worker_id) == [1, 2]
