"""Viewers of a terminal, by real sockets and a real terminal: sizes, keys, who stalls, who lies."""

import itertools
import os
import select
import socket
import struct
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from penholder.cli.run import pty_viewers
from penholder.cli.run.connection import Connection
from penholder.cli.run.endpoint import Peer
from penholder.cli.run.frames import FROM_RUNNERS, Decoder, Ended, Kind, Size, encode, encode_size
from penholder.cli.run.loop import Loop
from penholder.cli.run.pty_input import MAX_WAITING_BYTES, Input
from penholder.cli.run.pty_pair import Pty
from penholder.cli.run.pty_viewers import MAX_BEHIND_BYTES, MAX_VIEWERS, STALLED_S, Viewer, Viewers
from penholder_protocol.nouns import NewEvent
from tests.helpers.waiting import until

LIMIT_S = 30


class Eyes:
    """The other end of a viewer's connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Take it."""
        self.socket = connection
        self.socket.settimeout(LIMIT_S)
        self._decoder = Decoder(FROM_RUNNERS)
        self.shown = b""
        self.other: Connection
        self.ended: Ended | None = None

    def line(self) -> Any:
        """Read the answer."""
        heard = b""
        while not heard.endswith(b"\n"):
            heard += self.socket.recv(1)
        return msgspec.json.decode(heard)

    def see(self, end: bytes) -> None:
        """Read until this was shown."""
        while end not in self.shown:
            assert self.read(), f"it closed after {self.shown[-100:]!r}"

    def read(self) -> bool:
        """Read some; False at the end."""
        chunk = self.socket.recv(1 << 16)
        for kind, payload in self._decoder.feed(chunk):
            if kind is Kind.OUTPUT:
                self.shown += payload
            else:
                self.ended = msgspec.json.decode(payload, type=Ended)
        return bool(chunk)

    def is_closed(self) -> bool:
        """Read to the end."""
        try:
            while self.read():
                continue
        except ConnectionResetError:
            return True
        return True


class Stage:
    """A terminal, its viewers, and what was told of them."""

    def __init__(self) -> None:
        """Start a loop."""
        self.loop = Loop()
        self.pty = Pty(Size(40, 120))
        tty.setraw(self.pty.its_fd)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.hears = True
        self.now = 0.0
        self.typed_before = typed = Input(self.loop, self.pty.our_fd)
        self.viewers = Viewers(self.tell, lambda: self.now)
        self.viewers.connect(self.pty, typed)
        self.loop.start()
        self._ends: list[socket.socket] = []

    def tell(self, event: NewEvent) -> bool:
        """Note an event."""
        if self.hears:
            self.told.append((event.type, msgspec.json.decode(event.data)))
        return self.hears

    def attach(self, *, view: bool = False) -> Eyes:
        """Attach, and read the answer."""
        ours, theirs = socket.socketpair()
        self._ends.append(ours)

        eyes = Eyes(ours)

        def take_in() -> str | None:
            eyes.other = connection = Connection(self.loop, theirs, Peer(pid=7, uid=8))
            refusal = self.viewers.attach(Viewer(connection, view))
            if refusal is not None:
                connection.close()
            return refusal

        refusal = self.loop.ask(take_in)
        if refusal is not None:
            raise PermissionError(refusal)
        assert eyes.line() == {"ok": True, "view": view}
        return eyes

    def show(self, written: bytes) -> None:
        """Show what the command wrote."""
        self.loop.ask(lambda: self.viewers.show(written))

    def size(self) -> tuple[int, int]:
        """Ask the command's end for its size."""
        self.loop.ask(lambda: None)
        return termios.tcgetwinsize(self.pty.its_fd)

    def typed(self, count: int) -> bytes:
        """Read what was typed, as the command."""
        found = b""
        while len(found) < count:
            assert select.select([self.pty.its_fd], [], [], LIMIT_S)[0], f"only {found!r}"
            found += os.read(self.pty.its_fd, count - len(found))
        return found

    def close(self) -> None:
        """End all."""
        self.loop.ask(lambda: self.viewers.end(Ended(0, None, 0)))
        self.loop.close()
        for end in self._ends:
            end.close()
        self.pty.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Give a terminal without viewers."""
    made = Stage()
    yield made
    made.close()


def test_a_viewer_is_shown_the_last_and_then_all(stage: Stage) -> None:
    stage.show(b"before\r\n")
    eyes = stage.attach()
    stage.show(b"after\r\n")

    eyes.see(b"after\r\n")

    assert eyes.shown == b"before\r\nafter\r\n"
    assert stage.told == [("attached", {"uid": 8, "pid": 7, "view": False})]


def test_keys_reach_the_command(stage: Stage) -> None:
    eyes = stage.attach()
    eyes.socket.sendall(encode(Kind.INPUT, b"\x03\x1b[A\xff"))

    assert stage.typed(5) == b"\x03\x1b[A\xff"


def test_the_smallest_terminal_wins_until_it_leaves(stage: Stage) -> None:
    large, small = stage.attach(), stage.attach()
    large.socket.sendall(encode_size(Size(50, 200)))
    until(lambda: stage.size() == (50, 200))
    small.socket.sendall(encode_size(Size(60, 70)))
    until(lambda: stage.size() == (50, 70))

    small.socket.sendall(encode(Kind.DETACH))
    assert small.is_closed()
    assert stage.size() == (50, 200)
    large.socket.close()
    until(lambda: [type_ for type_, _ in stage.told].count("detached") == 2)
    assert stage.size() == (50, 200), "with nobody left it stays"


def test_the_runners_own_terminal_counts_too(stage: Stage) -> None:
    eyes = stage.attach()
    eyes.socket.sendall(encode_size(Size(50, 200)))
    until(lambda: stage.size() == (50, 200))

    stage.loop.ask(lambda: stage.viewers.resize(Size(10, 300)))

    assert stage.size() == (10, 200)


def test_who_only_looks_changes_nothing(stage: Stage) -> None:
    eyes = stage.attach(view=True)
    eyes.socket.sendall(encode_size(Size(1, 1)) + encode(Kind.INPUT, b"no"))
    eyes.socket.sendall(encode(Kind.DETACH))

    assert eyes.is_closed()
    assert stage.size() == (40, 120)
    assert not select.select([stage.pty.its_fd], [], [], 0)[0]
    assert [type_ for type_, _ in stage.told] == ["attached", "detached"]


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack(">cI", b"i", 0xFFFFFFFF),
        b"\xff" * 100_000,
        b'{"kind": "attach"}\n',
        encode(Kind.OUTPUT, b"x"),
        encode(Kind.SIZE, b"x"),
        encode(Kind.SIZE, struct.pack(">HH", 0, 0)),
    ],
)
def test_who_sends_no_frames_is_let_go(stage: Stage, sent: bytes) -> None:
    other, eyes = stage.attach(), stage.attach()
    with suppress(BrokenPipeError, ConnectionResetError):  # let go before all was sent
        eyes.socket.sendall(sent)
    assert eyes.is_closed()

    stage.show(b"on")
    other.see(b"on")
    assert stage.size() == (40, 120)


def test_who_goes_amid_a_frame_types_nothing(stage: Stage) -> None:
    eyes = stage.attach()
    eyes.socket.sendall(encode(Kind.INPUT, b"rm -rf /")[:-1])
    eyes.socket.close()

    until(lambda: len(stage.told) == 2)
    assert not select.select([stage.pty.its_fd], [], [], 0)[0]


def test_a_frame_may_come_byte_by_byte(stage: Stage) -> None:
    eyes = stage.attach()
    for byte in encode(Kind.INPUT, b"slow"):
        eyes.socket.sendall(bytes([byte]))

    assert stage.typed(4) == b"slow"


def test_who_does_not_read_is_dropped_and_nobody_waits(stage: Stage) -> None:
    asleep, awake = stage.attach(), stage.attach()
    chunk = b"." * (64 << 10)
    for _ in range(2 * MAX_BEHIND_BYTES // len(chunk)):
        stage.show(chunk)
        stage.now += STALLED_S / 4
        awake.see(chunk)
        awake.shown = b""

    until(lambda: ("detached", {"uid": 8, "pid": 7, "view": False}) in stage.told)
    assert asleep.is_closed()
    stage.show(b"still there")
    awake.see(b"still there")


def test_who_falls_behind_is_shown_the_last_of_it(stage: Stage) -> None:
    slow = stage.attach()
    lines = (b"line %d\r\n" % number for number in itertools.count())
    written = b""
    while slow.other.unsent_bytes + 4096 < MAX_BEHIND_BYTES:
        chunk = b"".join(itertools.islice(lines, 200))
        stage.show(chunk)
        written += chunk
    stage.show(b"the last" * 1000)

    slow.see(b"the last" * 1000)

    assert slow.shown.endswith(written[-50_000:] + b"the last" * 1000)
    assert len(slow.shown) < len(written)
    assert [type_ for type_, _ in stage.told] == ["attached"]


def test_what_was_typed_and_not_read_is_dropped_with_the_terminal(stage: Stage) -> None:
    eyes = stage.attach()
    eyes.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        eyes.socket.sendall(encode(Kind.INPUT, b"x" * (4 << 20)))

    def end() -> None:
        stage.viewers.disconnect()
        stage.typed_before.close()

    stage.loop.ask(end)

    assert stage.loop.ask(lambda: stage.viewers.type(b"x", True)) == (
        "its command does not run now: it waits for its next start"
    )
    # What this one had typed is read again, so that it can be heard.
    eyes.socket.settimeout(LIMIT_S)
    with suppress(BrokenPipeError, ConnectionResetError):
        eyes.socket.sendall(b"?" * (1 << 20))
    assert eyes.is_closed()


def test_a_paste_that_the_command_reads_slowly_is_not_lost(stage: Stage) -> None:
    eyes = stage.attach()
    pasted = os.urandom(8 * MAX_WAITING_BYTES)
    sent = b"".join(encode(Kind.INPUT, pasted[at : at + 999]) for at in range(0, len(pasted), 999))
    sending = threading.Thread(target=eyes.socket.sendall, args=(sent,))
    sending.start()

    assert stage.typed(len(pasted)) == pasted
    sending.join()


def test_who_goes_while_the_command_does_not_read_is_noticed(stage: Stage) -> None:
    eyes = stage.attach()
    eyes.socket.sendall(encode_size(Size(5, 5)))
    eyes.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        eyes.socket.sendall(encode(Kind.INPUT, b"x" * (4 << 20)))
    other = stage.attach()
    other.socket.sendall(encode_size(Size(9, 9)))

    eyes.socket.close()

    until(lambda: stage.size() == (9, 9))


def test_a_text_and_its_enter_are_not_one_paste(stage: Stage) -> None:
    assert stage.loop.ask(lambda: stage.viewers.type(b"hello", True)) is None
    assert stage.loop.ask(lambda: stage.viewers.type(b"you", True)) is None

    assert select.select([stage.pty.its_fd], [], [], LIMIT_S)[0]
    assert os.read(stage.pty.its_fd, 100) == b"hello"
    assert stage.typed(5) == b"\ryou\r"


def test_without_enter_there_is_none(stage: Stage) -> None:
    assert stage.loop.ask(lambda: stage.viewers.type(b"y", False)) is None
    assert stage.loop.ask(lambda: stage.viewers.type(b"", True)) is None

    assert stage.typed(2) == b"y\r"


def test_a_command_that_does_not_read_takes_no_more_texts(stage: Stage) -> None:
    text = b"x" * MAX_WAITING_BYTES
    refusals = [stage.loop.ask(lambda: stage.viewers.type(text, False)) for _ in range(5)]

    assert refusals[0] is None
    assert refusals[-1] == "the command does not read what was typed before"
    assert "bytes at most" in str(stage.loop.ask(lambda: stage.viewers.type(text + b"x", False)))


def test_there_is_room_for_so_many(stage: Stage) -> None:
    first, *_ = [stage.attach() for _ in range(MAX_VIEWERS)]
    with pytest.raises(PermissionError, match="viewers are attached"):
        stage.attach()

    first.socket.close()
    until(lambda: len(stage.told) == MAX_VIEWERS + 1)
    stage.attach()


def test_nobody_is_taken_in_who_cannot_be_told_of(stage: Stage) -> None:
    stage.hears = False

    with pytest.raises(PermissionError, match="the daemon is away"):
        stage.attach()


def test_all_are_told_how_it_ended(stage: Stage) -> None:
    eyes, asleep = stage.attach(), stage.attach(view=True)
    stage.show(b"bye")
    how = Ended(None, "SIGKILL", 137)

    stage.loop.ask(lambda: stage.viewers.end(how))

    assert eyes.is_closed()
    assert (eyes.shown, eyes.ended) == (b"bye", how)
    assert asleep.is_closed()
    assert [type_ for type_, _ in stage.told].count("detached") == 2
    with pytest.raises(PermissionError, match="has ended"):
        stage.attach()
    assert stage.loop.ask(lambda: stage.viewers.type(b"x", False)) == "the command has ended"


def test_who_never_reads_the_end_is_not_waited_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penholder.cli.run.connection._LAST_WORDS_WITHIN_S", 0.1)
    monkeypatch.setattr(pty_viewers, "MAX_BEHIND_BYTES", 8 << 20)
    eyes = stage.attach()
    stage.show(b"." * (4 << 20))

    stage.loop.ask(lambda: stage.viewers.end(Ended(0, None, 0)))

    # What the kernel had taken is there, the rest was dropped with the connection.
    until(lambda: eyes.other.is_closed)
    assert eyes.is_closed()
    assert eyes.ended is None
