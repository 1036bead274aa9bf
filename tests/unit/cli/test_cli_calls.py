"""One call through the command line: which socket, which params, what is printed, how it exits."""

import sys
from collections import defaultdict
from pathlib import Path

import pytest

from penholder import DaemonUnreachable
from penholder.blocking import Client
from penholder.cli.terminal import failures
from penholder_protocol.errors import ERRORS, ControllerNotFound, PenholderError, WorkerNotFound
from tests.helpers.command_line import Cli
from tests.helpers.fake_daemon import AnsweringDaemon, Json
from tests.helpers.records import status, worker


def page(*items: Json, following: str | None = None) -> Json:
    """Make the answer of a list."""
    return {"items": list(items), "next": following}


def test_stdout_is_the_answer_as_it_came_when_it_is_no_terminal(
    cli: Cli, fake_control: AnsweringDaemon
) -> None:
    fake_control.answers["worker.get"] = lambda _: worker(label="ü\n")

    ran = cli("worker", "get", "--worker-id", "w")

    assert (ran.code, ran.err) == (0, "")
    assert ran.json == worker(label="ü\n")
    assert ran.out.count("\n") == 1
    assert fake_control.calls == [("worker.get", {"worker_id": "w"})]


def test_no_json_prints_a_record_a_field_a_line(cli: Cli, fake_control: AnsweringDaemon) -> None:
    fake_control.answers["worker.get"] = lambda _: worker(label="a\x1b[31m[red]b\n")

    out = cli("worker", "get", "--worker-id", "w", "--no-json").out

    assert "a\\x1b[31m[red]b\\n" in out
    assert "\x1b" not in out


def test_no_json_prints_lists_as_tables(cli: Cli, fake_control: AnsweringDaemon) -> None:
    found = page(worker(), worker(worker_id="w2"), following="abc")
    fake_control.answers["worker.list"] = lambda _: found

    out = cli("worker", "list", "--no-json").out

    assert [word for word in ("worker_id", "state", "w2", "idle") if word not in out] == []
    assert "session_id" not in out
    assert "--cursor abc" in out
    fake_control.answers["worker.list"] = lambda _: page()
    assert cli("worker", "list", "--no-json").out == "none\n"


def test_no_json_prints_null_and_free_forms(cli: Cli, fake_control: AnsweringDaemon) -> None:
    fake_control.answers["event.latest"] = lambda _: None
    fake_control.answers["rpc.discover"] = lambda _: {"openrpc": "1"}

    assert cli("event", "latest", "--worker-id", "w", "--no-json").out == "nothing\n"
    assert cli("event", "latest", "--worker-id", "w").out == "null\n"
    assert '"openrpc": "1"' in cli("rpc", "discover", "--no-json").out


@pytest.mark.parametrize(
    ("words", "filters"),
    [
        (["run", "events", "--run-id", "r", "--after-seq", "5"], {"run_id": "r", "after_seq": 5}),
        (["queue", "list", "--after-version", "7"], {"after_version": 7}),
        (["run", "list", "--state", "pending"], {"state": "pending"}),
    ],
)  # fmt: skip
def test_all_follows_the_cursor_and_keeps_what_else_was_asked(
    cli: Cli, fake_control: AnsweringDaemon, words: list[str], filters: dict[str, object]
) -> None:
    method = ".".join(words[:2])
    pages = {None: page({"n": 1}, following="a"), "a": page({"n": 2}, following="b"), "b": page()}
    fake_control.answers[method] = lambda params: pages[params.get("cursor")]

    ran = cli(*words, "--limit", "1", "--all")

    assert ran.json == page({"n": 1}, {"n": 2})
    asked = {**filters, "limit": 1}
    assert fake_control.params(method) == [
        asked,
        {**asked, "cursor": "a"},
        {**asked, "cursor": "b"},
    ]


def test_all_keeps_what_is_told_beside_the_items(cli: Cli, fake_control: AnsweringDaemon) -> None:
    about = {"session_id": "s", "run_id": "r"}
    pages = {None: {**about, **page({"n": 1}, following="a")}, "a": {**about, **page({"n": 2})}}
    fake_control.answers["session.trace"] = lambda params: pages[params.get("cursor")]

    ran = cli("session", "trace", "--session-id", "s", "--all")

    assert ran.json == {**about, **page({"n": 1}, {"n": 2})}


def test_flags_of_every_command_may_come_first(cli: Cli, fake_control: AnsweringDaemon) -> None:
    fake_control.answers["worker.get"] = lambda _: worker()
    fake_control.answers["daemon.status"] = lambda _: status()
    path = str(fake_control.path)

    assert cli("--json", "--socket", path, "worker", "get", "--worker-id", "w").code == 0
    assert cli(f"--runtime-dir={fake_control.path.parent}", "status").code == 0


@pytest.mark.parametrize("error", ERRORS.values(), ids=list(ERRORS))
def test_each_class_of_errors_has_its_exit_code(
    error: type[PenholderError],
    cli: Cli,
    fake_control: AnsweringDaemon,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("penholder.cli.terminal.targets.RECONNECT_S", 0)

    def refuse(_: Json) -> object:
        raise error("refused")

    fake_control.answers["worker.get"] = refuse
    said = cli("worker", "get", "--worker-id", "w", "--json", "--socket", str(fake_control.path))

    assert said.code == failures.EXIT_CODES.get(error.number, 1)
    assert said.out == ""
    assert said.error["code"] == error.number
    assert said.error["data"] == {"code": error.code, "retryable": error.retryable, "details": {}}


def test_exit_codes_differ() -> None:
    codes = [*failures.EXIT_CODES.values(), failures.UNREACHABLE, failures.INTERRUPTED, 0, 1]

    assert len(set(codes)) == len(codes)
    assert all(str(code) in failures.EXIT_CODES_HELP for code in codes)


def test_an_error_is_a_sentence_with_the_way_on(cli: Cli, fake_control: AnsweringDaemon) -> None:
    def refuse(_: Json) -> object:
        raise ControllerNotFound("there is no controller 'c'", controller_id="c")

    fake_control.answers["controller.get"] = refuse
    ran = cli("controller", "get", "--controller-id", "c")

    assert ran.code == 3
    assert ran.err.startswith(
        "penholder: there is no controller 'c' (penholder controller register"
    )


def test_details_reach_programs(cli: Cli, fake_control: AnsweringDaemon) -> None:
    def refuse(_: Json) -> object:
        raise WorkerNotFound("gone", worker_id="w")

    fake_control.answers["worker.get"] = refuse

    ran = cli("worker", "get", "--worker-id", "w", "--json")

    assert ran.error["data"]["details"] == {"worker_id": "w"}


@pytest.mark.parametrize("words", [["status"], ["worker", "list"], ["tail"]])
def test_without_a_daemon_the_way_to_one_is_told(cli: Cli, words: list[str]) -> None:
    ran = cli(*words)
    in_json = cli(*words, "--json")

    assert (ran.code, in_json.code) == (12, 12)
    assert "penholder up" in ran.err
    assert in_json.error["data"]["code"] == "DAEMON_UNREACHABLE"


def test_status_is_aligned_text(cli: Cli, fake_control: AnsweringDaemon) -> None:
    # Of an older or newer daemon, whose fields are shown as they come.
    told = {"version": "99.0.0", "pid": 7, "state_dir": "/s", "workers": {"idle": 2, "error": 1}}
    fake_control.answers["daemon.status"] = lambda _: told

    assert cli("status", "--no-json").out == (
        "version    99.0.0\npid        7\nstate_dir  /s\nworkers    2 idle, 1 error\n"
    )
    assert cli("status").json == told


def test_a_worker_need_not_name_itself_on_its_own_socket(
    cli: Cli, fake_worker: AnsweringDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_worker.answers["worker.get"] = lambda _: worker()
    fake_worker.answers["runtime.attach"] = lambda _: {"worker": worker(), "runtime_epoch": 1}
    path = str(fake_worker.path)

    assert cli("worker", "get", "--worker", "w").code == 0
    assert cli("worker", "get", "--socket", path).code == 0
    assert cli("runtime", "attach").code == 2
    monkeypatch.setenv("PENHOLDER_SOCKET", path)
    assert cli("runtime", "attach", "--pid", "7").code == 0
    assert [params.get("pid") for params in fake_worker.params("runtime.attach")] == [7]
    assert fake_worker.params("worker.get") == [{}, {}]


def test_a_worker_that_is_not_served_is_told_at_once_but_its_own_command_waits(
    cli: Cli, cli_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("worker", "get", "--worker", "w").code == 12

    waited: list[float] = []
    monkeypatch.setattr("penholder.cli.terminal.targets.RECONNECT_S", 0)
    monkeypatch.setattr("penholder.cli.terminal.targets.probe", lambda _: waited.append(0))
    monkeypatch.setenv("PENHOLDER_SOCKET", str(cli_home / "run" / "workers" / "w.sock"))
    assert cli("worker", "get", "--worker", "w").code == 12
    assert waited == []


def test_a_worker_id_is_no_path(cli: Cli) -> None:
    assert "is no worker id" in cli("worker", "get", "--worker", "../control").err


def test_ctrl_c_is_quiet(
    cli: Cli, fake_control: AnsweringDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("penholder.cli.commands.status.ask", interrupted)
    ran = cli("status")

    assert (ran.code, ran.out, ran.err) == (130, "", "")


def test_status_gives_up_on_a_daemon_that_does_not_answer(
    cli: Cli, fake_control: AnsweringDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penholder.cli.terminal.silence.PATIENCE_S", 0.01)
    fake_control.silent = True

    ran = cli("status")

    assert ran.code == 12
    assert "did not answer" in ran.err


def test_the_contract_is_read_from_the_installed_protocol() -> None:
    assert Path(sys.modules["penholder_protocol"].__file__ or "").with_name("openrpc.json").exists()


@pytest.mark.parametrize(
    "words",
    [["status"], ["ps"], ["inbox"], ["stop", "w"], ["approve", "w"], ["down"], ["tail"],
     ["timeline", "-o", "-"]],
)  # fmt: skip
@pytest.mark.parametrize("answer", [{}, [], None, 5])
def test_an_answer_of_another_version_is_told_as_that(
    cli: Cli, fake_control: AnsweringDaemon, words: list[str], answer: object
) -> None:
    answers = fake_control.answers
    fake_control.answers = defaultdict(lambda: lambda _: answer, {"rpc.ping": answers["rpc.ping"]})

    ran = cli(*words)

    assert (ran.code, ran.out) == (1, "")
    assert "the daemon's answer is not understood" in ran.err
    assert "another version" in cli(*words[:1], "--json", *words[1:]).error["message"]


def test_the_way_on_is_told_once(tmp_path: Path) -> None:
    with (
        Client(tmp_path / "control.sock", reconnect_s=0) as client,
        pytest.raises(DaemonUnreachable) as caught,
    ):
        client.rpc.ping()
    assert failures.sentence(caught.value).count("penholder up") == 1


def test_a_reason_of_the_system_is_told_in_words(tmp_path: Path) -> None:
    """A link that leads to itself is no daemon that is away, so the client says what it met."""
    path = tmp_path / "control.sock"
    path.symlink_to(path)
    with Client(path, reconnect_s=0) as client, pytest.raises(DaemonUnreachable) as caught:
        client.rpc.ping()
    assert f"{path}: Too many levels" in str(caught.value)
    assert "Errno" not in str(caught.value)
