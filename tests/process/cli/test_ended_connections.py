"""Somebody who accepts every connection and ends it: words ask again, and say that they do."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from penholder.cli.terminal.silence import FAILING_S, PATIENCE_S, Failing
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Running

WORDS = ("ps", "inbox", "status", "worker list", "metrics", "run -d sh", "send w x")


@contextmanager
def _ends_all(path: Path) -> Iterator[None]:
    """Serve as a daemon would that crashes at each request."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connection.close()

        server = threading.Thread(target=serve)
        server.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            server.join()
    path.unlink()


def test_words_say_that_they_ask_again_and_go_on(daemon: DaemonProcess) -> None:
    daemon.stop()
    daemon.control_socket.unlink(missing_ok=True)
    with _ends_all(daemon.control_socket):
        running = {words: Running(daemon, *words.split()) for words in WORDS}
        for words, each in running.items():
            said = each.error_line()
            assert f"the daemon at {daemon.control_socket} does not answer yet" in said, words
            assert "it is asked again for up to 30 s" in said, words
    daemon.start()
    for words, each in running.items():
        ended = each.end()
        # There is no worker of that name; the others do what they should.
        assert (ended.code == 0) is (words != "send w x"), (words, ended)


def test_a_restart_is_over_before_it_is_told() -> None:
    failing = Failing()
    told = [failing.is_to_be_told(now) for now in (0.0, 0.5, FAILING_S - 0.01)]
    assert told == [False] * 3
    assert failing.is_to_be_told(FAILING_S)
    assert not failing.is_to_be_told(FAILING_S + 1.0)


def test_each_row_of_failures_is_told() -> None:
    failing = Failing()
    for begins in (10.0, 100.0):
        assert not failing.is_to_be_told(begins)
        assert failing.is_to_be_told(begins + FAILING_S)
    # A failure that comes long after the others is the first of its own row.
    assert not failing.is_to_be_told(100.0 + FAILING_S + PATIENCE_S + 0.01)
