"""`penholder logs`: the output and nothing else, all of it or its end, and on it goes."""

import json

import pytest

from tests.helpers.fleet import Fleet, Seated


@pytest.fixture
def worker(fleet: Fleet) -> Seated:
    """Give a worker."""
    return fleet.worker("w")


def test_both_streams_are_printed_in_order_and_nothing_else(fleet: Fleet, worker: Seated) -> None:
    worker.append("process.started", argv=["x"])
    worker.print("one")
    worker.print("two", stream="stderr")
    worker.append("output", text="three", stream="stdout", newline=False)
    worker.exit(4)
    ran = fleet.say("logs", "w")
    assert (ran.code, ran.out) == (0, "one\ntwo\nthree")
    assert "w ended: exit status 4" in ran.err
    assert fleet.say("logs", "--stderr", "w").out == "two\n"
    assert fleet.say("logs", "--stdout", "w").out == "one\nthree"


def test_lines_are_put_together_of_their_pieces(fleet: Fleet, worker: Seated) -> None:
    worker.print("be", continued=True, newline=False, partial=True)
    worker.print("between", stream="stderr")
    worker.print("gin", continued=True)
    worker.print(" end")
    worker.append("output", stream="stdout", base64="/w==")
    worker.append("output", stream="stdout", odd=1)
    worker.append("output", stream=5)
    assert fleet.say("logs", "w").out == "between\nbegin end\n\\xff\n\n"
    assert fleet.say("logs", "-n", "1", "--stderr", "w").out == "between\n"


@pytest.mark.parametrize("lines", [0, 1, 2, 40, 100, 1000])
def test_the_last_lines_are_the_last(fleet: Fleet, worker: Seated, lines: int) -> None:
    expected = [f"line {number}" for number in range(100)]
    worker.client.call(
        "event.append_many",
        {
            "events": [
                event
                for line in expected
                for event in (
                    {"type": "output", "data": {"stream": "stdout", "text": line}},
                    {"type": "noise"},
                )
            ]
        },
    )
    out = fleet.say("logs", "-n", str(lines), "w").out.splitlines()
    assert out == expected[max(0, 100 - lines) :]


def test_a_line_is_whole_though_its_begin_lies_far_back(fleet: Fleet, worker: Seated) -> None:
    worker.print("before")
    for number in range(60):
        worker.print(f"{number},", continued=True, newline=False)
    worker.print("end")
    whole = "".join(f"{number}," for number in range(60)) + "end\n"
    assert fleet.say("logs", "-n", "1", "w").out == whole


def test_control_characters_are_visible_unless_raw(fleet: Fleet, worker: Seated) -> None:
    worker.print("\x1b[31mred\x07\ttab\r")
    assert fleet.say("logs", "w").out == "\\x1b[31mred\\x07\ttab\n"
    assert fleet.say("logs", "--raw", "w").out == "\x1b[31mred\x07\ttab\r\n"


def test_since_is_a_duration_or_a_time(fleet: Fleet, worker: Seated) -> None:
    worker.print("old")
    latest = worker.client.event.latest()
    assert latest is not None
    worker.print("new")
    assert fleet.say("logs", "--since", "1h", "w").out == "old\nnew\n"
    assert fleet.say("logs", "--since", "0s", "w").out == ""
    assert fleet.say("logs", "--since", "2000w", "w").out == "old\nnew\n"
    assert fleet.say("logs", "--since", latest.ts, "w").out == "old\nnew\n"
    assert fleet.say("logs", "--since", "2999-01-01T00:00", "w").out == ""
    for odd in ("soon", "-5m", "1e9", "9" * 400 + "w"):
        ran = fleet.say("logs", f"--since={odd}", "w")
        assert (ran.code, ran.out) == (2, "")


def test_what_was_pruned_is_said(fleet: Fleet, worker: Seated) -> None:
    worker.print(*(f"line {number}" for number in range(20)))
    fleet.client.call("daemon.prune", {"keep_last": 5})
    ran = fleet.say("logs", "w")
    assert ran.out.splitlines() == [f"line {number}" for number in range(15, 20)]
    assert "pruned" in ran.err


def test_stamps_begin_each_line(fleet: Fleet, worker: Seated) -> None:
    worker.print("one", "two")
    lines = fleet.say("logs", "-t", "w").out.splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one", "two"]
    assert all(line[:4].isdigit() and line[23] == "Z" for line in lines)


def test_it_follows_to_the_end_of_the_worker(fleet: Fleet, worker: Seated) -> None:
    worker.print(*(f"line {number}" for number in range(20)))
    following = fleet.begin("logs", "-f", "w")
    assert [following.line() for _ in range(10)] == [f"line {n}" for n in range(10, 20)]
    worker.print("and on", newline=False, continued=True, partial=True)
    worker.print("wards")
    assert following.line() == "and onwards"
    worker.exit(0)
    ran = following.end()
    assert (ran.code, ran.out) == (0, "")
    assert "exit status 0" in ran.err


def test_it_follows_over_a_restart_of_the_daemon(fleet: Fleet, worker: Seated) -> None:
    worker.print("before")
    following = fleet.begin("logs", "-f", "-n", "5", "w")
    assert following.line() == "before"
    fleet.wait_for_follower()
    fleet.daemon.kill()
    fleet.daemon.start()
    worker.print("after")
    assert following.line() == "after"
    worker.exit(1)
    assert following.end().out == ""


def test_who_ended_before_is_not_followed(fleet: Fleet, worker: Seated) -> None:
    worker.print("all")
    worker.exit(0)
    assert fleet.say("logs", "-f", "w").out == "all\n"


def test_who_is_removed_is_not_followed_any_more(fleet: Fleet) -> None:
    made = fleet.create("idle")
    following = fleet.begin("logs", "-f", "idle")
    fleet.wait_for_follower()
    fleet.client.worker.stop(worker_id=made.worker_id)
    fleet.client.worker.remove(worker_id=made.worker_id)
    assert following.end().code == 0


NOT_RUN = "it was not started by penholder run, which keeps what a command prints"


@pytest.mark.parametrize(
    ("launcher", "says"),
    [
        ("agent gemini", "q is an agent and has printed nothing: penholder agent show q shows"),
        ("import", "q is an agent and has printed nothing: penholder agent show q shows"),
        ("mine", f"q has told of no output: {NOT_RUN}; penholder event list --worker-id w_q shows"),
    ],
)
def test_who_keeps_no_output_is_said_to_be_shown_by_another_word(
    fleet: Fleet, launcher: str, says: str
) -> None:
    quiet = fleet.worker("q", launcher=launcher, worker_id="w_q")
    quiet.append("noise")
    ran = fleet.say("logs", "q")
    assert (ran.code, ran.out) == (0, "")
    assert f"penholder logs: {says}" in ran.err
    # What is followed has to say it before it waits.
    assert says in fleet.begin("logs", "-f", "q").error_line()
    assert fleet.say("logs", "--json", "q").err == ""
    quiet.print("some")
    for words in ((), ("-n", "0"), ("--stderr",), ("--since", "0s")):
        assert fleet.say("logs", *words, "q").err == "", "it has output"


def test_attaching_to_who_has_no_terminal_names_the_word_that_shows_it(fleet: Fleet) -> None:
    fleet.worker("agent", launcher="agent gemini", worker_id="w_agent")
    fleet.worker("command", launcher="penholder run", worker_id="w_command")
    assert "penholder agent show w_agent shows what" in fleet.say("attach", "agent").err
    assert "penholder logs -f w_command follows" in fleet.say("attach", "command").err


def test_a_command_that_has_printed_nothing_is_said_to_have(fleet: Fleet, worker: Seated) -> None:
    worker.append("process.started", argv=["x"])
    assert fleet.say("logs", "w").err == "penholder logs: w has printed nothing yet\n"
    worker.exit(0)
    said = fleet.say("logs", "w").err.splitlines()
    assert said[0] == "penholder logs: w has printed nothing"
    assert said[1].startswith("penholder logs: w ended: exit status 0")


def test_odd_counts_are_refused(fleet: Fleet, worker: Seated) -> None:
    for odd in ("-1", "x", "1e3"):
        assert fleet.say("logs", f"-n={odd}", worker.name).code == 2


def test_for_programs_each_line_is_a_record(fleet: Fleet, worker: Seated) -> None:
    worker.print("one")
    worker.append("output", stream="stderr", base64="/w==")
    worker.append("output", text="open", stream="stdout", newline=False)
    worker.exit(4)
    ran = fleet.say("logs", "--json", "w")
    assert (ran.code, ran.err) == (0, "")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert all(each.pop("ts").endswith("Z") for each in found)
    assert found == [
        {"stream": "stdout", "text": "one"},
        {"stream": "stderr", "base64": "/w=="},
        {"stream": "stdout", "text": "open", "newline": False},
    ]
    assert fleet.say("logs", "--json", "--stderr", "-f", "w").out.count("\n") == 1


def test_a_name_that_is_almost_one_is_named(fleet: Fleet) -> None:
    fleet.worker("build")
    ran = fleet.say("logs", "buld")
    assert (ran.code, "no worker is called 'buld'; did you mean build?" in ran.err) == (3, True)
