"""Frames between a runner and its viewers: whole again from any chunks, and bounded."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penholder.cli.run.frames import (
    FROM_RUNNERS,
    FROM_VIEWERS,
    MAX_LINES_OR_COLUMNS,
    MAX_PAYLOAD_BYTES,
    BadFrame,
    Decoder,
    Kind,
    Size,
    decode_size,
    encode,
    encode_size,
)

FRAMES = st.lists(st.tuples(st.sampled_from(sorted(FROM_VIEWERS, key=str)), st.binary()))


@given(FRAMES, st.integers(1, 9))
def test_frames_come_out_of_any_chunks(frames: list[tuple[Kind, bytes]], step: int) -> None:
    sent = b"".join(encode(kind, payload) for kind, payload in frames)
    decoder = Decoder(FROM_VIEWERS)

    found = [
        frame for at in range(0, len(sent), step) for frame in decoder.feed(sent[at : at + step])
    ]

    assert found == frames


def test_what_is_long_comes_in_several() -> None:
    written = bytes(range(256)) * 1000

    found = list(Decoder(FROM_RUNNERS).feed(encode(Kind.OUTPUT, written)))

    assert len(found) == len(written) // MAX_PAYLOAD_BYTES + 1
    assert b"".join(payload for _, payload in found) == written


@pytest.mark.parametrize(
    "bad",
    [
        struct.pack(">cI", b"i", MAX_PAYLOAD_BYTES + 1),
        struct.pack(">cI", b"i", 0xFFFFFFFF),
        struct.pack(">cI", b"?", 0),
        encode(Kind.OUTPUT, b"x"),
        b"GET / HTTP/1.1\r\n",
        b"\0" * 5,
    ],
)
def test_what_is_no_frame_is_refused_by_its_head_alone(bad: bytes) -> None:
    with pytest.raises(BadFrame):
        list(Decoder(FROM_VIEWERS).feed(encode(Kind.INPUT, b"fine") + bad))


def test_a_size_comes_through() -> None:
    ((kind, payload),) = Decoder(FROM_VIEWERS).feed(encode_size(Size(24, 80)))

    assert (kind, decode_size(payload)) == (Kind.SIZE, Size(24, 80))


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\0\1\0",
        struct.pack(">HH", 0, 80),
        struct.pack(">HH", 24, 0),
        struct.pack(">HH", 24, MAX_LINES_OR_COLUMNS + 1),
    ],
)
def test_a_size_that_no_terminal_has_is_refused(bad: bytes) -> None:
    with pytest.raises(BadFrame):
        decode_size(bad)
