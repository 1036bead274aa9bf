"""Flags made from the contract: every method has a command line, and what it reads is checked."""

import io
import sys
from pathlib import Path

import msgspec
import pytest

from penholder.cli.contract import Method, contract
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.options import Options, nearest, normalized, parse_known
from penholder.cli.verbs import call, flags, values
from tests.helpers.command_line import Cli

METHODS = contract().methods


def method(name: str) -> Method:
    """Find a method of the contract."""
    return next(method for method in METHODS if method.name == name)


def read(name: str, *words: str) -> dict[str, object]:
    """Read words as the params of a method."""
    known = contract()
    parser = call.parser_of(known, method(name))
    return flags.read(known, method(name), parse_known(parser, normalized(words)))


def _not_told(found: Method, text: str) -> list[str]:
    """Return what the help of a method lacks; of taking over it speaks where a fence is taken."""
    flags_of = [param.flag for param in found.params if param.name != "fence"]
    codes = [error.data.code for error in found.errors]
    wanted = [found.summary.split()[0], *flags_of, *codes]
    wanted += ["--take-over"] * found.takes_fence
    has_its_own = any(param.name == "takeover" for param in found.params)
    is_too_much = "--take-over" in text and not found.takes_fence and not has_its_own
    lacking = [each for each in wanted if each not in text]
    return [f"{found.name}: {each}" for each in lacking + ["no --take-over"] * is_too_much]


def test_every_method_has_a_command_line_with_help() -> None:
    lacking = [
        each
        for found in METHODS
        for each in _not_told(found, call.parser_of(contract(), found).format_help())
    ]

    assert lacking == []
    assert len(_not_told(method("worker.stop"), "--take-ov")) > 3
    assert _not_told(method("rpc.ping"), "--take-over")[-1] == "rpc.ping: no --take-over"


@pytest.mark.parametrize("flag", ["--take-over", "--takeover", "--take_over"])
def test_taking_over_has_two_spellings(flag: str) -> None:
    known = contract()
    assert read("controller.acquire", "--controller-id", "c", flag)["takeover"] is True
    parser = call.parser_of(known, method("worker.remove"))
    assert parse_known(parser, normalized(["--worker-id", "w", flag])).take_over


def test_no_param_is_called_like_an_option_of_every_command() -> None:
    names = {param.name for found in METHODS for param in found.params}

    assert names & {*Options.__struct_fields__} == {"fence"}


def test_words_become_typed_values() -> None:
    found = read(
        "worker.create", "--controller-id", "c", "--label", "ü", "--packs", "a", "--packs", "b",
        "--env", '{ "A": "1" }', "--start", "starting",
    )  # fmt: skip

    assert found == {
        "controller_id": "c", "label": "ü", "packs": ["a", "b"],
        "env": msgspec.Raw(b'{"A":"1"}'), "start": "starting",
    }  # fmt: skip


def test_a_list_may_be_given_as_json() -> None:
    assert read("worker.create", "--packs", '["a", "b"]')["packs"] == msgspec.Raw(b'["a","b"]')


def test_booleans_are_switches() -> None:
    assert read("controller.acquire", "--takeover") == {"takeover": True}
    assert read("controller.instances", "--no-active-only") == {"active_only": False}
    assert read("controller.instances") == {}


def test_null_is_said_where_silence_means_something_else() -> None:
    assert read("worker.set_turn", "--no-turn-id") == {"turn_id": None}
    with pytest.raises(Usage, match="no flag --no-label"):
        read("worker.create", "--no-label")


def test_flags_may_be_written_with_underscores() -> None:
    assert read("worker.get", "--worker_id", "a_b") == {"worker_id": "a_b"}
    assert read("worker.get", "--worker_id=a_b") == {"worker_id": "a_b"}


def test_an_integer_or_a_word() -> None:
    assert read("journal.subscribe", "--after", "7")["after"] == 7
    assert read("journal.subscribe", "--after", "start")["after"] == "start"
    with pytest.raises(Usage, match="--after: 'x' is no integer, or 'x' is none of now, start"):
        read("journal.subscribe", "--after", "x")


@pytest.mark.parametrize(
    ("name", "words", "complaint"),
    [
        ("worker.get", ["--worker-id", ""], "--worker-id: is empty"),
        (
            "worker.get",
            ["--worker-id", "a/b"],
            "must be made of the characters A-Z a-z 0-9 . _ : -",
        ),
        ("worker.get", ["--worker-id", "x" * 65], "has 65 characters, at most 64"),
        (
            "worker.get",
            ["--worker-id", "a\n"],
            "must be made of the characters A-Z a-z 0-9 . _ : -",
        ),
        ("worker.create", ["--label", "\udcff"], "is not UTF-8"),
        ("worker.list", ["--limit", "0"], "--limit: 0 is less than 1"),
        ("worker.list", ["--limit", "1001"], "--limit: 1001 is more than 1000"),
        ("worker.list", ["--limit", "1e2"], "'1e2' is no integer"),
        ("worker.list", ["--state", "tired"], "'tired' is none of canceling, error"),
        ("event.append", ["--data", "{"], "--data: is not valid JSON"),
        ("event.append", ["--data", "[]"], "--data: must be a JSON object"),
        ("event.append", ["--data", " \n"], "--data: is empty"),
        ("event.append", ["--data", "@/dev/null"], "--data: is empty"),
        ("event.append", ["--data", "@/no/such/file"], "cannot read @/no/such/file"),
        ("event.append_many", ["--events", "{}"], "must be a JSON array"),
        ("event.append_many", ["--events", "[]"], "takes at least 1"),
        ("journal.read", ["--streams", "a"] * 65, "takes at most 64, these are 65"),
        ("worker.get", ["--worker-id"], "expected one argument"),
        ("worker.get", ["w"], "unexpected argument 'w'"),
        ("worker.get", ["--worker-idd", "w"], "did you mean --worker-id"),
        ("worker.get", ["--work", "w"], "there is no flag --work of"),
    ],
)
def test_wrong_words_are_refused(name: str, words: list[str], complaint: str) -> None:
    with pytest.raises(Usage, match=complaint):
        read(name, *words)


def test_json_comes_from_a_file_or_stdin_and_keeps_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = b'{\n "a": 1.50,\n "b": 12345678901234567890123\n}'
    (tmp_path / "data").write_bytes(text)
    stdin = io.TextIOWrapper(io.BytesIO(text))
    monkeypatch.setattr(sys, "stdin", stdin)

    from_file = read("event.append", "--data", f"@{tmp_path}/data")
    from_stdin = read("event.append", "--data", "-")

    compact = msgspec.Raw(b'{"a":1.50,"b":12345678901234567890123}')
    assert from_file == from_stdin == {"data": compact}


def test_a_file_that_no_frame_can_hold_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b" " * (2 << 20))

    with pytest.raises(Usage, match="MAX_FRAME_BYTES"):
        read("event.append", "--data", f"@{tmp_path}/data")


def test_what_is_missing_is_named(cli: Cli) -> None:
    ran = cli("worker", "create", "--label", "x")

    assert ran.code == 2
    assert "needs --controller-id, --launcher, --profile, --cwd" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["wroker", "list"], "there is no command or room 'wroker'; did you mean worker"),
        (["worker", "craete"], "room worker has no verb 'craete'; did you mean create"),
        (["worker", "xyzzy"], "it has create, get, list"),
        (["worker", "get", "--lable", "x"], "there is no flag --lable"),
        (["statsu"], "did you mean status"),
    ],
)
def test_unknown_words_name_the_nearest(cli: Cli, words: list[str], said: str) -> None:
    ran = cli(*words)

    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("word", ["worker", "agent", "service", "store"])
def test_a_verb_that_is_missing_is_wrong_usage(cli: Cli, word: str) -> None:
    ran = cli(word)

    assert ran.code == 2
    assert cli(word, "--help").out.startswith(ran.out.splitlines()[0])


def test_what_begins_with_a_dash_and_is_no_flag_is_told_where_it_goes(cli: Cli) -> None:
    for words in (["stop", "-lead"], ["send", "-lead"], ["tail", "-n1"]):
        ran = cli(*words)
        assert (ran.code, "goes behind --" in ran.err) == (2, True)
    missing = cli("send", "--", "--worker-id")
    assert (missing.code, "needs TEXT; usage" in missing.err) == (2, True)


def test_help_is_there_on_every_level(cli: Cli) -> None:
    everything, room, verb = cli("--help"), cli("worker", "--help"), cli("worker", "get", "--help")

    assert {everything.code, room.code, verb.code} == {0}
    assert "exit codes:" in everything.out
    assert all(name in everything.out for name in contract().rooms())
    assert "set-turn" in room.out
    assert "--worker-id" in verb.out
    assert "WORKER_NOT_FOUND" in verb.out
    assert cli().code == 2


def test_the_version(cli: Cli) -> None:
    assert cli("--version").out.startswith("penholder ")


def test_nothing_near_is_nothing_said() -> None:
    assert nearest("qqq", ["worker", "event"]) == ""


def test_whole_numbers_of_flags_that_are_no_params() -> None:
    assert values.whole_number("--drain-ms", "5", 10) == 5
    with pytest.raises(Usage, match="--drain-ms: 11 is more than 10"):
        values.whole_number("--drain-ms", "11", 10)
