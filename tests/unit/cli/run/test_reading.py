"""Reading what a command writes: in its order, and on, whoever has stopped to read a copy of it."""

import os
import threading
from collections.abc import Iterator

import msgspec
import pytest

from penholder.cli.run.arrivals import Arrivals
from penholder.cli.run.backlog import Backlog
from penholder.cli.run.copying import Uncopied
from penholder.cli.run.lines import STREAMS, Splitter
from penholder.cli.run.output_pipes import OutputPipes
from penholder.cli.run.reader import Reader, Source, Told
from penholder_protocol.nouns import NewEvent

PATIENCE_S = 30.0
STDOUT, STDERR = 0, 1


class Scene:
    """A reader, and both ends of what it reads."""

    def __init__(self, most_bytes: int = 1 << 20, tee: int | None = None) -> None:
        self.arrivals = Arrivals()
        self.pipes = OutputPipes(self.arrivals)
        self.backlog = Backlog(most_bytes)
        self.unread = threading.Event()
        self.uncopied: list[Uncopied] = []
        sources = [
            Source(descriptor, Splitter(stream), tee if stream == "stdout" else None, stream)
            for descriptor, stream in zip(self.pipes.ours, STREAMS, strict=True)
        ]
        told = Told(self.backlog.close, self.unread.set, self.uncopied.append)
        self.reader = Reader(sources, self.arrivals, self.backlog, told)

    def write(self, stream: int, content: bytes) -> None:
        """Write as a command does."""
        os.write(self.pipes.its[stream], content)

    def take(self) -> list[str]:
        """Take what comes next: texts of output, else types of events."""
        taken = self.backlog.take(PATIENCE_S)
        assert isinstance(taken, list)
        return [text_of(each) for each in taken]

    def rest(self) -> list[str]:
        """End both streams, and take all that is left."""
        self.pipes.given()
        found: list[str] = []
        while not self.backlog.is_over:
            found += self.take()
        return found

    def close(self) -> None:
        """End."""
        self.backlog.abandon()
        self.pipes.given()
        if self.reader.is_alive():
            self.reader.join(PATIENCE_S)
        self.reader.close()
        self.arrivals.close()
        self.pipes.close()


def text_of(event: NewEvent) -> str:
    """Return the text of output, else what an event is."""
    text: str = msgspec.json.decode(event.data).get("text", event.type)
    return text


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Give a reader that has not begun."""
    made = Scene()
    yield made
    made.close()


@pytest.fixture
def small() -> Iterator[Scene]:
    """Give one whose backlog is full with one event."""
    made = Scene(most_bytes=1)
    yield made
    made.close()


@pytest.mark.parametrize("first", [STDOUT, STDERR])
def test_the_stream_that_was_written_first_comes_first(scene: Scene, first: int) -> None:
    scene.write(first, b"first\n")
    scene.write(1 - first, b"second\n")
    scene.reader.start()
    assert scene.rest() == ["first", "second"]


def test_what_one_wrote_while_nobody_read_comes_before_what_the_other_wrote_later(
    small: Scene,
) -> None:
    small.write(STDOUT, b"fills\nwaits\n")
    small.reader.start()
    assert small.take() == ["fills"]
    # The reader has the second line, and waits with it or has put it.
    small.write(STDERR, b"earlier\n")
    small.write(STDOUT, b"later\n")
    assert small.rest() == ["waits", "earlier", "later"]


def test_it_does_not_wait_for_room_when_nobody_reads_the_copy() -> None:
    read, write = os.pipe()
    scene = Scene(most_bytes=1, tee=write)
    try:
        scene.write(STDOUT, b"one\ntwo\nthree\n")
        scene.reader.start()
        assert os.read(read, 3) == b"one"
        os.close(read)
        # Nothing is taken from the backlog: what the command writes next is read all the same.
        scene.write(STDOUT, b"four\n")
        assert scene.unread.wait(PATIENCE_S)
        assert scene.rest() == ["one", "process.unread"]
    finally:
        scene.close()
        os.close(write)


def test_a_copy_that_finds_no_room_is_told_once_and_the_output_goes_on() -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        scene = Scene(tee=full.fileno())
        try:
            scene.reader.start()
            scene.write(STDOUT, b"one\n")
            assert scene.take() == ["one"]
            scene.write(STDOUT, b"two\n")
            assert scene.rest() == ["two"]
            (told,) = scene.uncopied
        finally:
            scene.close()
    assert str(told) == (
        "the copy of its stdout cannot be written any more: No space left on device"
    )
