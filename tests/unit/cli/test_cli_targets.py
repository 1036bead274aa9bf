"""Which socket a command asks, outside and inside of `penholder run`."""

from pathlib import Path

import pytest

from tests.helpers.command_line import Cli
from tests.helpers.fake_daemon import AnsweringDaemon
from tests.helpers.records import worker

EVENT = {
    "event_id": "ev_1", "worker_id": "w", "event_seq": 1, "pos": 1, "ts": "", "type": "note",
    "turn_id": None, "data": {}, "raw": None,
}  # fmt: skip


@pytest.fixture
def inside(
    monkeypatch: pytest.MonkeyPatch, fake_control: AnsweringDaemon, fake_worker: AnsweringDaemon
) -> None:
    """Be the command of worker w."""
    monkeypatch.setenv("PENHOLDER_SOCKET", str(fake_worker.path))
    monkeypatch.setenv("PENHOLDER_WORKER_ID", "w")
    for fake in (fake_control, fake_worker):
        fake.answers |= {
            "event.append": lambda _: EVENT,
            "worker.get": lambda _: worker(),
            "worker.transition": lambda _: worker(),
            "controller.list": lambda _: {"items": [], "next": None},
        }


@pytest.mark.parametrize(
    ("words", "params"),
    [
        (("event", "append", "--type", "note"), {"type": "note"}),
        (("event", "append", "--worker-id", "w", "--type", "n"), {"worker_id": "w", "type": "n"}),
        (("worker", "get"), {}),
        (("worker", "transition", "--to", "idle"), {"to": "idle"}),
    ],
)
@pytest.mark.usefixtures("inside")
def test_inside_a_run_the_worker_speaks(
    cli: Cli,
    fake_control: AnsweringDaemon,
    fake_worker: AnsweringDaemon,
    words: tuple[str, ...],
    params: object,
) -> None:
    ran = cli(*words)
    assert (ran.code, ran.err) == (0, "")
    assert fake_control.calls == []
    ((method, asked),) = fake_worker.calls
    asked.pop("idempotency_key", None)
    assert (method, asked) == (".".join(words[:2]), params)


@pytest.mark.parametrize(
    "words",
    [
        ("event", "append", "--worker-id", "another", "--type", "n"),
        ("event", "append", "--control", "--worker-id", "w", "--type", "n"),
        ("--control", "event", "append", "--worker-id", "w", "--type", "n"),
        ("event", "append", "--runtime-dir", "{run}", "--worker-id", "w", "--type", "n"),
        ("worker", "transition", "--worker-id", "w", "--to", "idle", "--fence", "1:t"),
        ("controller", "list"),
    ],
)
@pytest.mark.usefixtures("inside")
def test_inside_a_run_the_control_socket_can_be_meant(
    cli: Cli, fake_control: AnsweringDaemon, fake_worker: AnsweringDaemon, words: tuple[str, ...]
) -> None:
    ran = cli(*[word.format(run=fake_control.path.parent) for word in words])
    assert (ran.code, ran.err) == (0, "")
    assert len(fake_control.calls) == 1
    assert fake_worker.calls == []


@pytest.mark.usefixtures("inside")
def test_without_the_workers_id_its_socket_tells_it(
    cli: Cli,
    fake_worker: AnsweringDaemon,
    fake_control: AnsweringDaemon,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PENHOLDER_WORKER_ID")
    assert cli("event", "append", "--worker-id", "w", "--type", "n").code == 0
    assert cli("event", "append", "--worker-id", "x", "--type", "n").code == 0
    assert (len(fake_worker.calls), len(fake_control.calls)) == (1, 1)


@pytest.mark.usefixtures("inside")
def test_a_worker_that_was_stopped_meanwhile_is_spoken_for_on_the_control_socket(
    cli: Cli,
    fake_worker: AnsweringDaemon,
    fake_control: AnsweringDaemon,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PENHOLDER_SOCKET", str(fake_worker.path.with_name("gone.sock")))
    assert cli("event", "append", "--type", "bye").code == 0
    ((_, asked),) = fake_control.calls
    assert (asked["worker_id"], asked["type"]) == ("w", "bye")


def test_outside_of_a_run_everything_is_asked_on_the_control_socket(
    cli: Cli, fake_control: AnsweringDaemon
) -> None:
    fake_control.answers["worker.get"] = lambda _: worker()
    assert cli("worker", "get", "--worker-id", "w").code == 0
    assert cli("worker", "get").code == 2
    assert len(fake_control.calls) == 1


@pytest.mark.parametrize(
    "flags", [("--socket", "/s", "--worker", "w"), ("--control", "--worker", "w"),
              ("--control", "--socket", "/s")],
)  # fmt: skip
def test_two_sockets_are_refused(cli: Cli, cli_home: Path, flags: tuple[str, ...]) -> None:
    ran = cli("worker", "get", *flags)
    assert ran.code == 2
    assert "only one of --socket, --worker and --control" in ran.err
