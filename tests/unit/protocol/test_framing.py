"""Bytes to frames, however they are cut on the way."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penholder_protocol.errors import ValueTooLarge
from penholder_protocol.framing import Framer
from penholder_protocol.limits import MAX_FRAME_BYTES

FRAMES = st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b" ")), max_size=8)


def _feed(chunks: list[bytes]) -> list[bytes]:
    framer = Framer()
    return [frame for chunk in chunks for frame in framer.feed(chunk)]


@given(FRAMES, st.data())
def test_any_chunking_yields_the_same_frames(frames: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frame + b"\n" for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    edges = [0, *cuts, len(stream)]
    chunks = [stream[start:end] for start, end in pairwise(edges)]
    assert _feed(chunks) == [frame for frame in frames if frame.strip()]


@given(FRAMES, st.binary(max_size=3))
def test_a_chunk_that_is_one_frame_need_not_be_cut(frames: list[bytes], rest: bytes) -> None:
    chunk = b"".join(b"{" + frame + b"\n" for frame in frames) + rest
    whole = Framer().whole(chunk)
    assert whole is None or [whole] == _feed([chunk])
    assert (whole is not None) == (len(frames) == 1 and not rest)


def test_the_end_of_a_frame_is_no_frame() -> None:
    framer = Framer()
    assert list(framer.feed(b'{"a":')) == []
    assert framer.whole(b"{}}\n") is None
    assert list(framer.feed(b"{}}\n")) == [b'{"a":{}}']


def test_byte_by_byte() -> None:
    stream = b'{"a":1}\n\r\n  \n[1]\nrest'
    framer = Framer()
    found = [frame for byte in stream for frame in framer.feed(bytes([byte]))]
    assert found == [b'{"a":1}', b"[1]"]
    assert framer.unfinished_bytes == 4


def test_a_frame_may_have_just_the_limit() -> None:
    largest = b"x" * MAX_FRAME_BYTES
    assert _feed([largest + b"\n"]) == [largest]
    assert _feed([largest[:-1], b"x", b"\n"]) == [largest]


@pytest.mark.parametrize(
    "chunks",
    [
        [b"x" * (MAX_FRAME_BYTES + 1) + b"\n"],
        [b"x" * (MAX_FRAME_BYTES + 1)],
        [b"x" * MAX_FRAME_BYTES, b"x"],
        [b"x" * MAX_FRAME_BYTES, b"x\n"],
        [b" " * MAX_FRAME_BYTES, b" "],
    ],
)
def test_a_longer_one_is_refused_as_soon_as_it_is_seen(chunks: list[bytes]) -> None:
    with pytest.raises(ValueTooLarge) as caught:
        _feed(chunks)
    assert caught.value.details["limit"] == "MAX_FRAME_BYTES"
    assert caught.value.details["maximum"] == MAX_FRAME_BYTES


def test_what_came_before_a_longer_one_is_yielded() -> None:
    frames = Framer().feed(b"first\nsecond\n" + b"x" * (MAX_FRAME_BYTES + 1))
    assert (next(frames), next(frames)) == (b"first", b"second")
    with pytest.raises(ValueTooLarge):
        next(frames)


def test_an_unfinished_frame_is_bounded() -> None:
    framer = Framer()
    for _ in range(16):
        list(framer.feed(b"x" * (MAX_FRAME_BYTES // 16)))
    assert framer.unfinished_bytes == MAX_FRAME_BYTES
    with pytest.raises(ValueTooLarge):
        list(framer.feed(b"x"))


def test_a_frame_in_small_pieces_takes_no_more_than_its_bytes() -> None:
    framer = Framer()
    tracemalloc.start()
    try:
        for _ in range(50_000):
            assert list(framer.feed(b"ab")) == []
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert framer.unfinished_bytes == 100_000
    assert held < 2 * framer.unfinished_bytes
