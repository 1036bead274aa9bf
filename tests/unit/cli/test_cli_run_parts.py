"""The pure parts of `penholder run`: lines, the backlog's bounds, the way to the end."""

import errno
import signal
import threading
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penholder.cli.run import backlog, lines
from penholder.cli.run.arguments import parse
from penholder.cli.run.backlog import Backlog
from penholder.cli.run.child import code_of_failed_start, exit_of
from penholder.cli.run.ending import Ending, Phase
from penholder.cli.run.lines import MAX_PIECE_BYTES, Output, Splitter, boundary
from penholder.cli.terminal.failures import Usage
from penholder_protocol.limits import MAX_APPEND_MANY, MAX_VALUE_BYTES
from penholder_protocol.nouns import NewEvent
from tests.helpers.run_output import content


def events_of(queue: Backlog, timeout_s: float) -> list[NewEvent]:
    """Take events, where no act is among what waits."""
    taken = queue.take(timeout_s)
    assert isinstance(taken, list)
    return taken


def split(*chunks: bytes) -> list[Output]:
    """Return the events of a stream that came in these chunks."""
    splitter = Splitter("stdout")
    found = [data for chunk in chunks for data in splitter.feed(chunk)]
    found += splitter.end()
    assert all(len(bytes(data)) <= MAX_VALUE_BYTES for data in found)
    return [msgspec.json.decode(data, type=Output) for data in found]


def test_a_line_is_an_event() -> None:
    assert split(b"one\n\ntwo\r\nlast") == [
        Output("stdout", text="one"),
        Output("stdout", text=""),
        Output("stdout", text="two\r"),
        Output("stdout", text="last", newline=False),
    ]


def test_an_event_says_only_what_is_out_of_the_ordinary() -> None:
    (data,) = Splitter("stderr").feed(b"x\n")

    assert bytes(data) == b'{"stream":"stderr","text":"x"}'


def test_what_is_no_utf_8_is_base64() -> None:
    assert split(b"a\xffb\n", "ü\n".encode()) == [
        Output("stdout", base64="Yf9i"),
        Output("stdout", text="ü"),
    ]


def test_a_character_may_come_in_two_chunks() -> None:
    assert split("ü".encode()[:1], "ü".encode()[1:] + b"\n") == [Output("stdout", text="ü")]


def test_a_long_line_comes_in_pieces() -> None:
    found = split(b"x" * (2 * MAX_PIECE_BYTES) + b"y\n")

    assert [(len(piece.text or ""), piece.continued) for piece in found] == [
        (MAX_PIECE_BYTES, True), (MAX_PIECE_BYTES, True), (1, False),
    ]  # fmt: skip


def test_a_line_as_long_as_a_piece_is_whole() -> None:
    assert [piece.continued for piece in split(b"x" * MAX_PIECE_BYTES, b"\n")] == [False]


def test_a_piece_ends_between_characters() -> None:
    found = split(b"x" + "😀".encode() * MAX_PIECE_BYTES + b"\n")

    assert all(piece.text is not None for piece in found)


def test_escapes_make_smaller_pieces() -> None:
    found = split(b"\x01" * MAX_PIECE_BYTES + b"\n")

    assert len(found) > 1
    assert b"".join(map(content, found)) == b"\x01" * MAX_PIECE_BYTES + b"\n"


def chunks() -> st.SearchStrategy[list[bytes]]:
    """Make chunks of bytes among which newlines and long runs are common."""
    long = st.builds(
        lambda byte, n: byte * n, st.binary(min_size=1, max_size=3), st.integers(0, 70_000)
    )
    return st.lists(st.one_of(st.binary(max_size=20), st.just(b"\n"), long), max_size=8)


@settings(deadline=None)
@given(chunks())
@example([b"\n"])
@example([b"\xe2\x82" * 40_000, b"\n\xac"])
def test_nothing_is_lost_however_it_comes(given_chunks: list[bytes]) -> None:
    assert b"".join(map(content, split(*given_chunks))) == b"".join(given_chunks)


def test_a_boundary_is_before_a_character() -> None:
    text = "aü€😀".encode()

    assert [boundary(text, end) for end in (1, 2, 3, 4, 5, 6, 7, 9)] == [1, 1, 3, 3, 3, 6, 6, 6]
    assert boundary(b"\x80" * 10, 5) == 5


# --- the backlog -----------------------------------------------------------------------------
def event(size: int = 0) -> NewEvent:
    """Make an event that takes some bytes."""
    return NewEvent(type="output", data=msgspec.Raw(b"x" * size))


def take_all(queue: Backlog) -> Iterator[int]:
    """Yield the sizes of the batches that are there."""
    while batch := events_of(queue, 0):
        yield len(batch)


def test_a_batch_has_as_many_events_as_one_call_takes() -> None:
    queue = Backlog()
    for _ in range(MAX_APPEND_MANY + 1):
        queue.put(event())

    assert list(take_all(queue)) == [MAX_APPEND_MANY, 1]


def test_a_batch_fits_a_frame() -> None:
    queue = Backlog()
    for _ in range(5):
        queue.put(event(backlog.MAX_BATCH_BYTES // 2 - backlog.ENVELOPE_BYTES))

    assert list(take_all(queue)) == [2, 2, 1]


def test_a_full_backlog_makes_the_reader_wait() -> None:
    queue = Backlog(most_bytes=1)
    queue.put(event())
    waiting = threading.Thread(target=queue.put, args=(event(7),))
    waiting.start()

    assert len(events_of(queue, 0)) == 1
    waiting.join()
    assert len(events_of(queue, 0)) == 1


def test_the_last_event_never_waits() -> None:
    queue = Backlog(most_bytes=1)
    queue.put(event())
    queue.put(event(), at_once=True)

    assert len(queue) == 2


def test_an_abandoned_backlog_lets_everybody_go() -> None:
    queue = Backlog(most_bytes=1)
    queue.put(event())
    waiting = threading.Thread(target=queue.put, args=(event(),))
    waiting.start()
    queue.abandon()
    waiting.join()

    assert queue.is_over
    assert queue.take(10) == []


def test_a_closed_backlog_is_over_when_it_is_empty() -> None:
    queue = Backlog()
    queue.put(event())
    queue.close()

    over = [queue.is_over, len(events_of(queue, 10)) == 0, queue.is_over, queue.take(10) == []]
    assert over == [False, False, True, True]


# --- the end ---------------------------------------------------------------------------------
def test_sigterm_then_sigkill() -> None:
    ending = Ending(kill_after_s=5)

    assert ending.due(100) is None
    assert ending.stop(100) == signal.SIGTERM
    assert ending.due(104.9) is None
    assert ending.due(105) == signal.SIGKILL
    assert ending.due(106) is None
    assert not ending.is_hopeless(106)
    assert ending.is_hopeless(110)


def test_a_second_wish_to_stop_changes_nothing_but_may_hurry() -> None:
    ending = Ending(kill_after_s=5)
    ending.stop(100)

    assert ending.stop(102) is None
    assert ending.deadline == 105
    assert ending.stop(102, within_s=1) is None
    assert ending.due(103) == signal.SIGKILL


def test_the_patience_of_who_asks_counts_if_it_is_less() -> None:
    ending = Ending(kill_after_s=5)
    ending.stop(100, within_s=60)

    assert ending.deadline == 105


def test_what_the_command_leaves_behind_gets_time_and_then_the_same_end() -> None:
    ending = Ending(kill_after_s=5)
    ending.exited(100)

    assert ending.phase is Phase.LINGERING
    assert ending.due(104) is None
    assert ending.due(105) == signal.SIGTERM
    assert ending.due(110) == signal.SIGKILL


def test_an_exit_after_sigterm_does_not_give_more_time() -> None:
    ending = Ending(kill_after_s=5)
    ending.stop(100)
    ending.exited(104)

    assert ending.due(105) == signal.SIGKILL


def test_a_kill_is_at_once() -> None:
    ending = Ending(kill_after_s=5)

    assert ending.kill(100) == signal.SIGKILL
    assert ending.stop(101) is None


@pytest.mark.parametrize(
    ("returncode", "code", "last_error"),
    [
        (0, 0, None),
        (3, 3, "exit status 3"),
        (-15, 143, "killed by SIGTERM"),
        (-9, 137, "killed by SIGKILL"),
        (-40, 168, "killed by SIG40"),
    ],
)
def test_an_exit_is_told_as_a_shell_does(
    returncode: int, code: int, last_error: str | None
) -> None:
    how = exit_of(returncode)

    assert (how.code, how.last_error) == (code, last_error)
    assert (how.exit_status is None) == (returncode < 0)
    assert (how.signal is None) == (returncode >= 0)


def test_a_command_that_cannot_start_is_told_as_a_shell_does() -> None:
    assert code_of_failed_start(["sh"], FileNotFoundError()) == 127
    assert code_of_failed_start(["sh"], PermissionError()) == 126


@pytest.mark.parametrize("number", [errno.E2BIG, errno.EACCES, errno.ENOTDIR, errno.ENAMETOOLONG])
@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("no-such-command", 127), ("/no/such/command", 127), ("", 127), ("n" * 5_000, 127),
        ("sh", 126), ("/bin/sh", 126), ("/bin/sh/x", 126),
    ],
)  # fmt: skip
def test_what_the_kernel_finds_first_does_not_make_a_missing_program_be_there(
    program: str, code: int, number: int
) -> None:
    assert code_of_failed_start([program], OSError(number, "whatever came first")) == code


# --- the command line ------------------------------------------------------------------------
def test_everything_after_the_dashes_is_the_commands() -> None:
    arguments, options = parse(
        ["--controller", "c", "--label", "l", "--json", "--", "cmd", "--label", "x", "--"]
    )

    assert arguments.argv == ["cmd", "--label", "x", "--"]
    assert (arguments.controller, arguments.label, options.json) == ("c", "l", True)
    assert (arguments.launcher, arguments.profile) == ("penholder run", "default")
    assert (arguments.kill_after_s, arguments.quiet, arguments.worker_id) == (5.0, False, None)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "needs a command"),
        (["--controller", "c", "--label", "l"], "needs a command"),
        (["--controller", "c", "--label", "l", "--"], "needs a command"),
        (["--name", "a b", "x"], "a name has 1 to 64"),
        (["--name", "", "x"], "a name has 1 to 64"),
        (["--name", "-1", "x"], "does not begin with -|expected one argument"),
        (["--name=-1", "x"], "does not begin with -"),
        (["--name", "n" * 65, "x"], "a name has 1 to 64"),
        (["--name", "ü", "x"], "a name has 1 to 64"),
        (["--name", "n", "--label", "l", "x"], "--name or --label"),
        (["--restart", "often", "x"], "--restart"),
        (["--kill-after-s", "-1"], "--kill-after-s"),
        (["--kill-after-s", "nan"], "--kill-after-s"),
        (["--save", "--controller", "c", "--label", "l", "--", "x"], "--save goes with"),
        (["--lable", "l"], "did you mean --label"),
    ],
)
def test_wrong_words_of_run_are_refused(words: list[str], complaint: str) -> None:
    with pytest.raises(Usage, match=complaint):
        parse(words)


def test_limits_hold_together() -> None:
    assert lines.MAX_PIECE_BYTES * 4 // 3 + 1024 < MAX_VALUE_BYTES
    assert backlog.MAX_BATCH_BYTES >= MAX_VALUE_BYTES + backlog.ENVELOPE_BYTES
    assert backlog.MAX_BACKLOG_BYTES >= backlog.MAX_BATCH_BYTES
