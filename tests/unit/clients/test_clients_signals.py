"""The blocking client in a signal handler that interrupts a call of its own."""

import signal
import threading
from collections.abc import Iterator

import pytest

from penholder.blocking import CallInProgress, Client, Subscription
from tests.helpers.aside import Aside, result_of
from tests.helpers.fake_daemon import FakeDaemon
from tests.helpers.records import PONG


class Interruption:
    """What a handler of SIGUSR1 does in the main thread, and how that ended."""

    def __init__(self) -> None:
        """Do nothing yet."""
        self.errors: list[BaseException] = []
        self.client: Client | None = None
        self.entries: Subscription | None = None
        self.closes: Client | None = None
        self._handled = threading.Event()

    def handle(self, _number: int, _frame: object) -> None:
        """Use what the thread is amid of."""
        try:
            if self.closes is not None:
                self.closes.close()
            if self.client is not None:
                self.client.rpc.ping()
            if self.entries is not None:
                next(self.entries)
        except RuntimeError as error:
            self.errors.append(error)
        self._handled.set()

    def strike(self) -> None:
        """Interrupt the main thread and wait until its handler has ended."""
        ident = threading.main_thread().ident
        assert ident is not None
        signal.pthread_kill(ident, signal.SIGUSR1)
        assert self._handled.wait(30)


@pytest.fixture
def interruption() -> Iterator[Interruption]:
    """Give a handler, which is taken away again."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals are handled by the main thread, and this is another")
    made = Interruption()
    before = signal.signal(signal.SIGUSR1, made.handle)
    yield made
    signal.signal(signal.SIGUSR1, before)


def test_a_call_amid_a_call_is_refused_and_the_first_goes_on(
    fake: FakeDaemon, client: Client, aside: Aside, interruption: Interruption
) -> None:
    interruption.client = client

    def play() -> None:
        peer = fake.accept()
        request = peer.read()
        interruption.strike()
        peer.answer(request, PONG)
        peer.answer(peer.read(), PONG)

    played = aside(play)
    assert client.rpc.ping().pong
    assert client.rpc.ping().pong
    result_of(played)
    assert [type(error) for error in interruption.errors] == [CallInProgress]
    assert "use a client of its own there" in str(interruption.errors[0])


def test_an_entry_is_not_taken_amid_the_taking_of_one(
    fake: FakeDaemon, client: Client, aside: Aside, interruption: Interruption
) -> None:
    def play() -> None:
        peer = fake.accept()
        peer.accept_subscription("s", 0)
        interruption.strike()
        peer.send_entries("s", 1)

    played = aside(play)
    interruption.entries = entries = client.subscribe(["*"])
    assert next(entries).pos == 1
    result_of(played)
    assert [type(error) for error in interruption.errors] in ([CallInProgress], [])
    entries.close()


def test_close_in_a_handler_ends_the_call(
    fake: FakeDaemon, client: Client, aside: Aside, interruption: Interruption
) -> None:
    def play() -> None:
        fake.accept().read()
        interruption.strike()

    interruption.closes = client
    played = aside(play)
    with pytest.raises(ConnectionError, match="the client is closed"):
        client.rpc.ping()
    result_of(played)
