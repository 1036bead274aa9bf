"""The end of a stream: what was read and what came meanwhile, without gap or double."""

from hypothesis import given
from hypothesis import strategies as st

from penholder.cli.top.model.records import Event
from penholder.cli.top.model.tail import MAX_LINES, Tail
from penholder_protocol.nouns import Entry
from tests.helpers.top import Journal, key


def _event(entry: Entry) -> Event:
    return Event(event_seq=entry.seq, ts=entry.ts, type=entry.type, data=entry.data)


def _tail(*entries: Entry) -> Tail:
    made = Tail(key("w1"))
    made.read([_event(each) for each in entries])
    return made


def _texts(tail: Tail) -> list[str]:
    return [line.text for line in tail.lines]


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_whatever_comes_first_each_line_is_there_once(
    begin: int, read: int, chosen: int, arrived: int
) -> None:
    """Twelve lines: the worker is chosen, its end is read, its entries come, at any moments."""
    journal = Journal()
    entries = [journal.output("w1", f"{number}") for number in range(12)]
    # What came before it was chosen is committed before it is read, and the last of it is read.
    read = max(read, chosen)
    begin = max(0, min(begin, read - 1))
    arrived = max(arrived, chosen)
    tail = Tail(key("w1"))
    for entry in entries[chosen:arrived]:
        tail.come(entry)
    tail.read([_event(each) for each in entries[begin:read]])
    for entry in entries[arrived:]:
        tail.come(entry)
    assert _texts(tail) == [f"{number}" for number in range(begin, 12)]


def test_pieces_of_a_line_become_one() -> None:
    journal = Journal()
    tail = _tail(
        journal.output("w1", "Pass", continued=True),
        journal.output("w1", "warning", to="stderr"),
        journal.output("w1", "word: ", continued=True),
        journal.output("w1", ""),
        journal.output("w1", "next"),
    )
    assert [(line.kind, line.text) for line in tail.lines] == [
        ("stdout", "Password: "),
        ("stderr", "warning"),
        ("stdout", "next"),
    ]


def test_a_progress_bar_shows_what_it_last_wrote() -> None:
    journal = Journal()
    tail = _tail(
        journal.output("w1", "10%\r", continued=True),
        journal.output("w1", "80%", continued=True),
        journal.output("w1", "\r85%\r90%", continued=True),
        journal.output("w1", ""),
        journal.output("w1", "done"),
    )
    assert _texts(tail) == ["90%", "done"]


def test_an_output_of_several_lines_has_several() -> None:
    assert _texts(_tail(Journal().output("w1", "one\ntwo\nthree"))) == ["one", "two", "three"]


def test_events_say_what_they_hold() -> None:
    journal = Journal()
    tail = _tail(
        journal.entry("worker:w1", "process.started", argv=["make", "-j8"], pid=7, cut=None),
        journal.entry("worker:w1", "note", text="\x1b[2J[red]"),
        journal.entry("worker:w1", "deep", value={"a": [1]}),
    )
    assert _texts(tail) == [
        "process.started argv=make -j8 pid=7",
        "note text=\\x1b[2J[red]",
        'deep value={"a":[1]}',
    ]


def test_it_keeps_so_many_lines_and_no_more() -> None:
    journal = Journal()
    tail = _tail()
    for number in range(MAX_LINES + 10):
        tail.come(journal.output("w1", f"{number}"))
    assert len(tail.lines) == MAX_LINES
    assert tail.lines[-1].text == f"{MAX_LINES + 9}"


def test_a_line_without_an_end_does_not_grow_without_one() -> None:
    journal = Journal()
    tail = _tail(*(journal.output("w1", "x" * 60_000, continued=True) for _ in range(5)))
    assert len(tail.lines) == 1
    assert len(tail.lines[0].text) <= 2_000
