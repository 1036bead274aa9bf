"""The lean client: counts answers by their ends, however they are cut."""

import socket
from collections.abc import Sequence
from threading import Thread

import pytest
from bench.clients.lean import Exchange, exchange


def _answer(pieces: Sequence[bytes]) -> bytes:
    """Have pieces sent one after another, each received by itself; return what is left."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def send() -> None:
        theirs.recv(100)
        for piece in pieces:
            theirs.send(piece)
        theirs.close()

    with ours:
        sender = Thread(target=send)
        sender.start()
        try:
            exchange(ours, Exchange(b"q", b"\r\n", 2))
            sender.join()
            return ours.recv(100)
        finally:
            sender.join()


@pytest.mark.parametrize(
    "pieces", [[b"a\r\nb\r\n"], [b"a\r\n", b"b\r\n"], [b"a\r", b"\nb", b"\r", b"\n"]]
)
def test_an_end_that_is_cut_in_two_is_one(pieces: list[bytes]) -> None:
    assert _answer([*pieces, b"rest"]) == b"rest"


def test_a_server_that_hangs_up_is_an_error() -> None:
    with pytest.raises(ConnectionError):
        _answer([b"a\r\nb\r"])
