"""A client that costs nearly nothing, the same for every server: prepared bytes, counted answers.

It looks for nothing in the answers but their ends. Whether they said what they should is found out
after the round, when what is stored is compared with what was answered.
"""

import socket
from typing import NamedTuple

from bench.clients.turns import Turn

# Below what malloc maps afresh for each call.
_RECEIVED_AT_ONCE_BYTES = 1 << 16


class Exchange(NamedTuple):
    """Bytes to send, how an answer ends, and how many answers come."""

    request: bytes
    end: bytes
    answers: int = 1


class Keyed(NamedTuple):
    """A request that is another one each time: a number stands between its halves."""

    head: bytes
    tail: bytes
    end: bytes


def make_turn(path: str, opening: tuple[Exchange, ...], turn: tuple[Exchange, ...]) -> Turn:
    """Connect to a socket, open the conversation, and make the same exchanges each turn."""
    peer = connect(path, opening)

    def step() -> None:
        for each in turn:
            exchange(peer, each)

    return step


def make_keyed_turn(path: str, opening: tuple[Exchange, ...], keyed: Keyed) -> Turn:
    """Connect to a socket, open the conversation, and send a numbered request each turn."""
    peer = connect(path, opening)
    number = 0

    def step() -> None:
        nonlocal number
        number += 1
        exchange(peer, Exchange(b"%b%d%b" % (keyed.head, number, keyed.tail), keyed.end))

    return step


def connect(path: str, opening: tuple[Exchange, ...]) -> socket.socket:
    """Connect to a socket and open the conversation."""
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(path)
    for each in opening:
        exchange(peer, each)
    return peer


def exchange(peer: socket.socket, what: Exchange) -> None:
    """Send, and receive until as many answers have ended; raises ConnectionError at the end."""
    peer.sendall(what.request)
    left, end = what.answers, what.end
    kept = len(end) - 1
    rest = b""
    while left > 0:
        received = peer.recv(_RECEIVED_AT_ONCE_BYTES)
        if not received:
            raise ConnectionError("the server has hung up")
        received = rest + received
        left -= received.count(end)
        # What an end that is cut in two begins with.
        rest = received[-kept:] if kept else b""
