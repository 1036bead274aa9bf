"""The proof of ownership: where it comes from, where it is kept, and that it is never shown."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from penholder.cli.terminal import fences, handles
from penholder.cli.terminal.failures import Failure, Usage
from penholder_protocol import nouns
from penholder_protocol.errors import Denied, WorkerNotFound
from tests.helpers.command_line import Cli
from tests.helpers.fake_daemon import AnsweringDaemon, Json
from tests.helpers.records import approval, handle, release, worker

TOKEN = "secret-token"  # noqa: S105 - of a daemon made by hand
FENCE = {"epoch": 7, "token": TOKEN}
HEARTBEAT = ("worker", "heartbeat", "--worker-id", "w")


@pytest.fixture
def owned(fake_control: AnsweringDaemon) -> AnsweringDaemon:
    """Give a daemon whose controller can be acquired and whose worker beats."""
    fake_control.answers |= {
        "controller.acquire": lambda _: handle(),
        "controller.release": lambda _: release(),
        "controller.validate": lambda _: {"valid": True},
        "worker.get": lambda _: worker(),
        "worker.heartbeat": lambda _: worker(),
        "approval.get": lambda _: approval(),
        "approval.cancel": lambda _: approval(),
    }
    return fake_control


def a_handle(**fields: object) -> nouns.Handle:
    """Make a handle."""
    made = handle(**fields)
    return nouns.Handle(**made)


@pytest.mark.parametrize(
    "text", ["7:secret-token", ' {"epoch": 7, "token": "secret-token"}', " 7:secret-token\n"]
)
def test_a_fence_is_epoch_and_token(text: str) -> None:
    assert fences.parse(text, "--fence") == nouns.Fence(epoch=7, token=TOKEN)


@pytest.mark.parametrize(
    "text", ["", "7", "7:", ":x", "x:secret", "-1:secret", '{"token": "secret"}', '{"secret"']
)
def test_what_is_no_fence_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(Usage, match="--fence must be EPOCH:TOKEN") as caught:
        fences.parse(text, "--fence")

    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_flag_goes_before_the_environment_before_the_saved_handle(
    cli: Cli, owned: AnsweringDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    handles.save(a_handle(epoch=1), None)
    cli(*HEARTBEAT)
    monkeypatch.setenv("PENHOLDER_FENCE", '{"epoch": 2, "token": "t"}')
    cli(*HEARTBEAT)
    cli(*HEARTBEAT, "--fence", "3:t")

    epochs = [params["fence"]["epoch"] for params in owned.params("worker.heartbeat")]
    assert epochs == [1, 2, 3]


def test_no_fence_is_sent_where_none_is_known(cli: Cli, owned: AnsweringDaemon) -> None:
    cli(*HEARTBEAT)
    handles.save(a_handle(controller_id="other"), None)
    cli(*HEARTBEAT)

    assert all("fence" not in params for params in owned.params("worker.heartbeat"))


def test_the_handle_of_the_controller_concerned_is_found(cli: Cli, owned: AnsweringDaemon) -> None:
    handles.save(a_handle(), None)

    cli("approval", "cancel", "--request-id", "ap")

    assert owned.methods == ["approval.get", "worker.get", "approval.cancel"]
    assert owned.params("approval.cancel")[0]["fence"] == FENCE


def test_what_is_not_found_is_left_for_the_call_to_say(cli: Cli, owned: AnsweringDaemon) -> None:
    def refuse(_: Json) -> object:
        raise WorkerNotFound("no such worker")

    handles.save(a_handle(), None)
    owned.answers |= {"worker.get": refuse, "worker.heartbeat": refuse}

    assert cli(*HEARTBEAT).code == 3
    assert owned.methods == ["worker.get", "worker.heartbeat"]


def test_the_seat_is_the_fence_on_a_runtime_socket(
    cli: Cli, fake_worker: AnsweringDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    handles.save(a_handle(), None)
    monkeypatch.setenv("PENHOLDER_FENCE", "7:secret-token")
    fake_worker.answers["worker.heartbeat"] = lambda _: worker()

    assert cli("worker", "heartbeat", "--worker", "w").code == 0
    assert "fence" not in fake_worker.params("worker.heartbeat")[0]
    assert cli("worker", "heartbeat", "--worker", "w", "--take-over").code == 2
    assert cli("worker", "heartbeat", "--worker", "w", "--fence", "7:t").code == 2


def test_take_over_owns_acts_and_releases(cli: Cli, owned: AnsweringDaemon) -> None:
    ran = cli(*HEARTBEAT, "--take-over")

    assert owned.methods == [
        "worker.get", "controller.acquire", "worker.heartbeat", "controller.release",
    ]  # fmt: skip
    assert owned.params("controller.acquire")[0]["takeover"] is True
    assert owned.params("worker.heartbeat")[0]["fence"] == FENCE
    assert owned.params("controller.release")[0].items() >= FENCE.items()
    assert TOKEN not in ran.out + ran.err
    assert not handles.any_saved(None)


def test_take_over_releases_also_when_the_act_is_refused(cli: Cli, owned: AnsweringDaemon) -> None:
    def refuse(_: Json) -> object:
        raise Denied("no")

    owned.answers["worker.heartbeat"] = refuse

    assert cli(*HEARTBEAT, "--take-over").code == 8
    assert owned.methods[-1] == "controller.release"


def test_take_over_may_keep_what_it_took(cli: Cli, owned: AnsweringDaemon) -> None:
    cli(*HEARTBEAT, "--take-over", "--save")

    assert "controller.release" not in owned.methods
    assert handles.load("c", None) == a_handle()


def test_flags_that_contradict_each_other_are_refused(cli: Cli, owned: AnsweringDaemon) -> None:
    assert cli(*HEARTBEAT, "--take-over", "--fence", "7:secret-token").code == 2
    assert cli(*HEARTBEAT, "--save").code == 2
    assert owned.calls == []


def test_acquire_prints_its_token_once_or_saves_it(cli: Cli, owned: AnsweringDaemon) -> None:
    assert cli("controller", "acquire", "--controller-id", "c").json["token"] == TOKEN
    assert not handles.any_saved(None)

    saved = cli("controller", "acquire", "--controller-id", "c", "--save")

    assert saved.json == handle(token=None)
    assert handles.load("c", None) == a_handle()
    in_text = cli("controller", "acquire", "--controller-id", "c", "--save", "--no-json")
    assert TOKEN not in in_text.out


def test_owner_methods_take_epoch_and_token_from_the_handle(
    cli: Cli, owned: AnsweringDaemon
) -> None:
    assert "--epoch, --token" in cli("controller", "validate", "--controller-id", "c").err
    handles.save(a_handle(), None)

    cli("controller", "validate", "--controller-id", "c")
    cli("controller", "validate", "--controller-id", "c", "--fence", "8:t")
    cli("controller", "validate", "--controller-id", "c", "--epoch", "9", "--token", "t")

    given = [(params["epoch"], params["token"]) for params in owned.params("controller.validate")]
    assert given == [(7, TOKEN), (8, "t"), (9, "t")]


def test_release_forgets_the_handle_that_ended(cli: Cli, owned: AnsweringDaemon) -> None:
    handles.save(a_handle(epoch=8), None)
    cli("controller", "release", "--controller-id", "c", "--force")
    assert handles.load("c", None) is not None

    handles.save(a_handle(), None)
    cli("controller", "release", "--controller-id", "c")
    assert handles.load("c", None) is None


# --- the files -------------------------------------------------------------------------------
def test_a_saved_handle_is_its_owners_alone(cli_home: Path) -> None:
    path = handles.save(a_handle(), None)

    assert path == cli_home / "state" / "handles" / "c.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["c.json"]


def test_a_newer_handle_replaces_an_older_one(cli_home: Path) -> None:
    handles.save(a_handle(epoch=1), None)
    handles.save(a_handle(epoch=2), None)

    loaded = handles.load("c", None)
    assert loaded is not None
    assert loaded.epoch == 2


def _loosen(path: Path) -> None:
    path.chmod(0o640)


def _replace_by_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _replace_by_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _garble(path: Path) -> None:
    path.write_text('{"token": "secret-token"}')


@pytest.mark.parametrize(
    "spoil", [_loosen, _replace_by_link, _replace_by_directory, _replace_by_pipe, _garble]
)
def test_a_handle_that_is_not_safe_is_not_used(
    cli_home: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(handles.save(a_handle(), None))

    with pytest.raises(Failure) as caught:
        handles.load("c", None)

    assert TOKEN not in str(caught.value)


def test_a_handle_of_somebody_else_is_not_used(
    cli_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handles.save(a_handle(), None)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(Failure, match="not to you"):
        handles.load("c", None)


def test_a_directory_that_others_can_write_is_not_used(cli_home: Path) -> None:
    handles.save(a_handle(), None).parent.chmod(0o770)

    with pytest.raises(Failure, match="mode 0770"):
        handles.save(a_handle(), None)


def test_another_state_directory(cli: Cli, owned: AnsweringDaemon, tmp_path: Path) -> None:
    cli("controller", "acquire", "--controller-id", "c", "--save", "--state-dir", str(tmp_path))
    cli(*HEARTBEAT, "--state-dir", str(tmp_path))

    assert (tmp_path / "handles" / "c.json").exists()
    assert owned.params("worker.heartbeat")[0]["fence"] == FENCE
