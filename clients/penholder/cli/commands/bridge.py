"""`penholder bridge`: this user's control socket on stdin and stdout, for `--at` over ssh.

It takes no path and no flag: whoever may start it there may reach this one socket, and nothing that
is said on the other machine changes which.
"""

import os
import selectors
import socket
from collections.abc import Sequence

from penholder._shared.address import connectable
from penholder.cli.terminal import screen, targets
from penholder.cli.terminal.options import Options, Parser, parse_known

_CHUNK_BYTES = 1 << 16
_IN, _OUT = 0, 1


def run(words: Sequence[str]) -> int:
    """Carry out `penholder bridge`; returns the exit code."""
    parser = Parser(
        prog="penholder bridge",
        description="Connect stdin and stdout with this user's daemon, until one of them ends."
        " penholder --at starts it on the other machine.",
    )
    parse_known(parser, words)
    target = targets.choose(Options())
    targets.probe(target.path, target.state_dir)
    with connectable(str(target.path)) as address, socket.socket(socket.AF_UNIX) as daemon:
        daemon.connect(address)
        screen.tell_who_types(
            "penholder bridge: connected; penholder --at speaks here in JSON. Ctrl-C ends it"
        )
        _copy(daemon)
    return 0


def _copy(daemon: socket.socket) -> None:
    """Copy both ways; each write waits, so that nothing is kept here but one piece."""
    # Not by epoll, which takes neither a file nor /dev/null.
    with selectors.PollSelector() as selector:
        selector.register(daemon, selectors.EVENT_READ)
        _register_input(selector)
        while True:
            for key, _ in selector.select():
                if key.fileobj is daemon:
                    piece = daemon.recv(_CHUNK_BYTES)
                    if not piece:
                        return
                    _write_all(piece)
                else:
                    piece = os.read(_IN, _CHUNK_BYTES)
                    if piece:
                        daemon.sendall(piece)
                    else:
                        # What was asked before is still answered; then the daemon ends it.
                        selector.unregister(_IN)
                        daemon.shutdown(socket.SHUT_WR)


def _register_input(selector: selectors.BaseSelector) -> None:
    selector.register(_IN, selectors.EVENT_READ)


def _write_all(piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(_OUT, view) :]
