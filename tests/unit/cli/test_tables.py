"""Tables that fit, whatever they hold and however narrow the terminal is."""

import csv
import io
from datetime import UTC, datetime

import pytest

from penholder.cli.terminal import ages, cells, grid, screen
from penholder.cli.terminal.grid import Column
from penholder.cli.terminal.tables import print_list
from penholder_protocol.errors import StoreFailed
from tests.helpers.command_line import Cli
from tests.helpers.fake_daemon import AnsweringDaemon

NOW = datetime(2026, 1, 1, tzinfo=UTC)
APPROVAL_ID = "ap_" + "1" * 20
QUESTION = "May I delete the production database, and all of its backups, at once?"
COLUMNS = [
    Column("id", rank=0, least=9, keep="end"),
    Column("text", rank=1, least=10),
    Column("state", rank=2, least=7, is_state=True),
    Column("extra", rank=3, least=6),
]
HOSTILE = ("\x1b[2J", "a\rb", "\u202ereversed", "漢字" * 40, "é" * 90, "👩\u200d💻" * 30, "")


def drawn(rows: list[list[str]], width: int | None) -> list[str]:
    """Draw the columns above."""
    return list(grid.lines(COLUMNS, rows, width=width))


@pytest.mark.parametrize("columns", [str(each) for each in range(40, 121, 8)])
def test_a_state_and_what_a_column_is_called_are_never_cut(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    task: dict[str, object] = {
        "queue_task_id": "qt_" + "1" * 20, "title": "render", "state": "waiting_approval",
        "queue": "films", "lane": "default", "priority": 0, "attempts": 2, "claimed_by": "r1",
        "error": "no",
    }  # fmt: skip
    print_list([task], "QueueTask", lambda: NOW)
    headings, row = capsys.readouterr().out.splitlines()
    assert set(headings.split()) <= set(task)
    assert ("state" in headings.split()) == ("waiting_approval" in row)
    assert "waiting…" not in row


@pytest.mark.parametrize("columns", ["30", "120"])
def test_what_is_cut_does_not_look_whole(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    items: list[dict[str, object]] = [{"first": "a" * 20, "second": "b" * 20}]
    print_list(items, "Anything", lambda: NOW)
    [row] = [line for line in capsys.readouterr().out.splitlines() if "aaa" in line]
    for letter, cell in zip("ab", row.split(), strict=True):
        assert cell == letter * 20 or cell.endswith("…")
    assert ("…" in row) == (columns == "30")


def test_a_question_is_in_its_list_at_80_columns(
    cli: Cli, fake_control: AnsweringDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    question: dict[str, object] = {
        "request_id": APPROVAL_ID, "worker_id": "w_" + "2" * 21, "turn_id": None,
        "state": "pending", "kind": "shell_command", "message": QUESTION, "options": [],
        "decision": None, "created_at": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip
    fake_control.answers["approval.list"] = lambda _: {"items": [question], "next": None}
    out = cli("approval", "list", "--no-json").out
    assert APPROVAL_ID in out
    assert QUESTION[:24] in out
    assert all(cells.width(line) <= 80 for line in out.splitlines())


@pytest.mark.parametrize("width", [20, 33, 47, 80, 132])
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_line_is_wider_than_the_terminal(text: str, width: int) -> None:
    from penholder.cli.terminal.text import plain

    rows = [["w_" + "3" * 21, plain(text), "running", "x" * 12], ["w", "short", "idle", "-"]]
    for line in drawn(rows, width):
        assert cells.width(line) <= width
        assert line.isprintable()


def test_columns_that_matter_least_go_first() -> None:
    rows = [["w_123456789", "some text that is long", "running", "extra"]]
    assert "extra" in drawn(rows, 60)[0]
    assert "extra" not in drawn(rows, 34)[0]
    assert drawn(rows, 20) == ["id", "w_123456789"]


def test_the_end_of_an_id_is_what_is_kept() -> None:
    rows = [["w_0000000000000000001234", "t" * 40, "running", "-"]]
    line = drawn(rows, 30)[1]
    assert line.split()[0].startswith("…")
    assert line.split()[0].endswith("1234")


def test_a_pipe_gets_whole_lines() -> None:
    rows = [["w_1", "t" * 500, "running", "e" * 500]]
    assert "t" * 500 in drawn(rows, None)[1]


def test_what_nobody_has_has_no_column() -> None:
    columns = [Column("a"), Column("b", is_optional=True)]
    assert list(grid.lines(columns, [["1", "-"], ["2", ""]])) == ["a", "1", "2"]
    assert list(grid.lines(columns, [["1", "-"], ["2", "x"]])) == ["a  b", "1  -", "2  x"]


def test_headings_can_be_left_out(cli: Cli, fake_control: AnsweringDaemon) -> None:
    fake_control.answers["controller.list"] = lambda _: {
        "items": [{"controller_id": "c", "label": "l", "workspace_key": "k"}],
        "next": None,
    }
    assert cli("controller", "list", "--no-json", "--no-headers").out.split() == [
        "c",
        "l",
        "k",
        "-",
    ]
    fake_control.answers["controller.list"] = lambda _: {"items": [], "next": None}
    assert cli("controller", "list", "--no-json", "--no-headers").out == ""


def test_formats_for_programs_hold_all_fields_exactly(
    cli: Cli, fake_control: AnsweringDaemon
) -> None:
    one = {"controller_id": "c", "label": 'a,"b"\nc', "n": 9007199254740993, "none": None, "d": {}}
    fake_control.answers["controller.list"] = lambda _: {"items": [one, one], "next": None}

    lines = cli("controller", "list", "--format", "jsonl").out.splitlines()
    assert len(lines) == 2
    assert '"n": 9007199254740993' in lines[0]

    rows = list(csv.DictReader(io.StringIO(cli("controller", "list", "--format", "csv").out)))
    assert rows[1] == {
        "controller_id": "c", "label": 'a,"b"\nc', "n": "9007199254740993", "none": "", "d": "{}",
    }  # fmt: skip


def test_two_formats_at_once_are_refused(cli: Cli, fake_control: AnsweringDaemon) -> None:
    fake_control.answers["controller.list"] = lambda _: {"items": [], "next": None}
    ran = cli("controller", "list", "--json", "--format", "csv")
    assert ran.code == 2
    assert cli("controller", "list", "--format", "xml").code == 2


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0s"), (119, "119s"), (120, "2m"), (7_199, "119m"), (7_200, "2h"), (172_799, "47h"),
        (172_800, "2d"), (5_443_199, "62d"), (5_443_200, "9w"), (-5, "0s"),
    ],
)  # fmt: skip
def test_durations(seconds: float, said: str) -> None:
    assert ages.duration(seconds) == said


@pytest.mark.parametrize("time", ["soon", "2026-01-01T00:00:00", "", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_shown_as_it_is(time: str) -> None:
    assert ages.since(time, NOW) == time


def test_a_time_to_come_is_not_an_age() -> None:
    assert ages.since("9999-01-01T00:00:00.000Z", NOW).startswith("in ")


@pytest.mark.parametrize(
    ("words", "asked"), [(["list", "--no-json"], 1), (["list", "--json"], 0)], ids=["table", "json"]
)
def test_what_time_it_is_is_asked_once_and_only_for_ages(
    cli: Cli, fake_control: AnsweringDaemon, words: list[str], asked: int
) -> None:
    runners = [
        {"runner_id": f"r{each}", "heartbeat_at": "2026-01-01T00:00:00.000Z"} for each in range(3)
    ]
    fake_control.answers["runner.list"] = lambda _: {"items": runners, "next": None}
    cli("runner", *words)
    assert fake_control.methods.count("rpc.ping") == asked
    fake_control.answers["runner.list"] = lambda _: {"items": [], "next": None}
    cli("runner", *words)
    assert fake_control.methods.count("rpc.ping") == asked


def test_an_answer_is_told_though_nobody_says_what_time_it_is(
    cli: Cli, fake_control: AnsweringDaemon
) -> None:
    def refuse(_: object) -> object:
        raise StoreFailed("the store is away")

    handle = {"controller_id": "c", "epoch": 1, "token": "said once", "acquired_at": "2026-01-01"}
    fake_control.answers |= {"controller.acquire": lambda _: handle, "rpc.ping": refuse}
    told = cli("controller", "acquire", "--controller-id", "c", "--no-json")
    assert (told.code, "said once" in told.out) == (0, True)


@pytest.mark.parametrize("width", [1, 2, 5, 40])
def test_wrapped_text_loses_nothing(width: int) -> None:
    text = "a word, averyveryverylongword and 漢字漢字漢字"
    lines = cells.wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    if width > 1:
        assert all(cells.width(line) <= width for line in lines)


@pytest.mark.parametrize(
    ("environment", "is_terminal", "has_colours"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({}, True, False),
        ({"TERM": "xterm-256color"}, False, False),
    ],
)
def test_colours_are_for_terminals_that_know_them(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool,
    has_colours: bool,
) -> None:  # fmt: skip
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal, raising=False)
    assert screen.has_colours() == has_colours


def test_a_state_has_its_colour_and_nothing_else_has_one() -> None:
    rows = [["w_1", "\x1b[31mred".replace("\x1b", "?"), "error", "-"], ["w_2", "x", "odd", "-"]]
    lines = list(grid.lines(COLUMNS, rows, width=80, colours=True))
    assert "\x1b[31merror\x1b[0m" in lines[1]
    assert [line.count("\x1b") for line in lines] == [0, 2, 0]
    # Colours take no cells: what follows stands where it stands without them.
    assert lines[1].replace("\x1b[31m", "").replace("\x1b[0m", "") == drawn(rows, 80)[1]
