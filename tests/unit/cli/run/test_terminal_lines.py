"""Lines of a terminal, whose newlines are carriage return and line feed."""

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from penholder.cli.run.lines import MAX_PIECE_BYTES, Output, Splitter
from tests.helpers.run_output import content


def split(*chunks: bytes, flush: bool = False) -> list[Output]:
    """Return the events of a terminal's output that came in these chunks."""
    splitter = Splitter("stdout", crlf=True)
    found: list[msgspec.Raw] = []
    for chunk in chunks:
        found += splitter.feed(chunk)
        if flush:
            found += splitter.flush()
    found += splitter.end()
    return [msgspec.json.decode(data, type=Output) for data in found]


def test_the_newline_of_a_terminal_is_no_text() -> None:
    assert split(b"one\r\n\r\ntwo\nthree\rfour\r\n") == [
        Output("stdout", text="one", crlf=True),
        Output("stdout", text="", crlf=True),
        Output("stdout", text="two"),
        Output("stdout", text="three\rfour", crlf=True),
    ]


def test_half_a_newline_waits_for_the_other() -> None:
    splitter = Splitter("stdout", crlf=True)
    assert list(splitter.feed(b"\r", 1.0)) == []
    assert splitter.due_at is None
    assert list(splitter.feed(b"x\r", 2.0)) == []

    (piece,) = splitter.flush()
    (line,) = splitter.feed(b"\n", 3.0)

    assert msgspec.json.decode(piece, type=Output).text == "\rx"
    assert msgspec.json.decode(line, type=Output) == Output("stdout", text="", crlf=True)


@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"\xff", "ü".encode()])), st.booleans()
)
@example([b"x" * MAX_PIECE_BYTES + b"\r", b"\n"], True)
@example([b"x" * (MAX_PIECE_BYTES - 1) + b"\r\n", b"y"], False)
def test_the_bytes_come_out_again(chunks: list[bytes], flush: bool) -> None:
    written = b"".join(chunks)

    assert b"".join(map(content, split(*chunks, flush=flush))) == written
