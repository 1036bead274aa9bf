"""Bytes that connections hold: counted, limited, and the one that holds most is ended."""

import pytest

from penholder_daemon.shell.connections.batches import BatchAnswers
from penholder_daemon.shell.fairness.accounts import Account, Accounts
from penholder_protocol.errors import ConnectionTooLarge, PenholderError
from penholder_protocol.limits import (
    CONNECTION_KEEPS_BYTES,
    MAX_CONNECTION_BYTES,
    MAX_FRAME_BYTES,
    MAX_HELD_BYTES,
    MAX_LAG_BYTES,
    PRESSED_BYTES,
)


class Scene:
    """Accounts, and who was ended and why."""

    def __init__(self) -> None:
        """Begin empty."""
        self.accounts = Accounts()
        self.ended: list[tuple[str, PenholderError]] = []

    def open(self, name: str) -> Account:
        """Open an account under a name."""
        return self.accounts.open(lambda why: self.ended.append((name, why)))


@pytest.fixture
def scene() -> Scene:
    """Give one without connections."""
    return Scene()


def _may_take(account: Account) -> bool:
    return account.may_take


def _has_room(account: Account) -> bool:
    return account.has_room


def test_everything_that_is_held_counts_and_what_is_let_go_does_not(scene: Scene) -> None:
    account = scene.open("a")
    account.set_unfinished(10)
    account.hold_params(20)
    account.hold_collected(30)
    account.hold_unsent(40)
    assert scene.accounts.held_bytes == account.held_bytes == 100
    account.set_unfinished(0)
    account.hold_unsent(-40)
    assert scene.accounts.held_bytes == 50
    account.close()
    account.hold_params(-20)
    account.close()
    assert scene.accounts.held_bytes == 0


def test_over_all_limits_the_one_that_holds_most_is_ended(scene: Scene) -> None:
    small, large, other = (scene.open(name) for name in ("small", "large", "other"))
    small.hold_params(CONNECTION_KEEPS_BYTES)
    large.hold_params(MAX_HELD_BYTES // 2 + 1)
    other.hold_params(MAX_HELD_BYTES // 2 - CONNECTION_KEEPS_BYTES - 1)
    assert scene.ended == []
    other.hold_params(1)
    [(name, why)] = scene.ended
    assert name == "large"
    assert isinstance(why, ConnectionTooLarge)
    assert why.details["maximum"] == MAX_HELD_BYTES
    assert scene.accounts.held_bytes == MAX_HELD_BYTES // 2
    assert not scene.accounts.is_pressed or scene.accounts.held_bytes >= PRESSED_BYTES


def test_nobody_is_ended_for_what_every_connection_keeps(scene: Scene) -> None:
    accounts = [scene.open(str(number)) for number in range(2 + MAX_HELD_BYTES // 60_000)]
    for account in accounts:
        account.hold_params(60_000)
    assert scene.accounts.held_bytes > MAX_HELD_BYTES
    assert scene.ended == []


def test_a_connection_is_read_from_while_its_params_are_few(scene: Scene) -> None:
    account, other = scene.open("a"), scene.open("b")
    account.hold_params(MAX_CONNECTION_BYTES - 1)
    assert _may_take(account)
    account.hold_params(1)
    assert not _may_take(account)
    account.hold_params(-MAX_CONNECTION_BYTES + CONNECTION_KEEPS_BYTES)
    assert _may_take(account)
    other.hold_params(PRESSED_BYTES)
    assert not _may_take(account), "under pressure it keeps what every connection keeps"
    account.hold_params(-1)
    assert _may_take(account)


def test_no_answers_are_made_for_who_does_not_read(scene: Scene) -> None:
    account = scene.open("a")
    resumed = []
    account.when_room(lambda: resumed.append(account.unsent_bytes))
    account.hold_unsent(MAX_LAG_BYTES)
    assert _has_room(account)
    account.hold_unsent(1)
    assert not _has_room(account)
    account.is_waited_for = True
    account.hold_unsent(-1)
    assert resumed == [MAX_LAG_BYTES]
    account.hold_unsent(-1)
    assert len(resumed) == 1, "nothing is kept back any more"


def test_what_the_writer_has_made_counts_before_it_has_arrived(scene: Scene) -> None:
    account = scene.open("a")
    account.written_bytes += MAX_LAG_BYTES + 1
    assert not _has_room(account)
    account.hold_unsent(5)
    account.delivered(MAX_LAG_BYTES + 1)
    assert _has_room(account)


def test_answers_that_wait_for_their_batch_do_not_wait_for_each_other(scene: Scene) -> None:
    account = scene.open("a")
    account.hold_collected(2 * MAX_LAG_BYTES)
    assert _has_room(account), "nothing is unsent: only more answers can complete a batch"
    account.hold_unsent(1)
    assert not _has_room(account)


def test_a_closed_account_keeps_nothing_back(scene: Scene) -> None:
    account = scene.open("a")
    resumed = []
    account.when_room(lambda: resumed.append(True))
    account.hold_unsent(2 * MAX_LAG_BYTES)
    account.is_waited_for = True
    account.close()
    assert resumed == [True]
    assert _has_room(account)


def test_a_batch_goes_out_in_one_array_unless_it_passes_a_frame(scene: Scene) -> None:
    account = scene.open("a")
    arrays: list[bytes] = []
    small = BatchAnswers(3, account, arrays.append)
    for answer in (b"1", None, b"2"):
        small.take(answer)
    assert arrays == [b"[1,2]"]
    arrays.clear()
    large = BatchAnswers(5, account, arrays.append)
    body = b"x" * (MAX_FRAME_BYTES // 3)
    for _ in range(4):
        large.take(body)
    assert len(arrays) == 1, "what does not fit goes out as it is made"
    assert account.collected_bytes > 0
    large.take(None)
    assert [array.count(b",") + 1 for array in arrays] == [2, 2]
    assert all(len(array) <= MAX_FRAME_BYTES for array in arrays)
    assert account.collected_bytes == 0


def test_a_batch_of_notifications_is_answered_by_nothing(scene: Scene) -> None:
    arrays: list[bytes] = []
    batch = BatchAnswers(2, scene.open("a"), arrays.append)
    batch.take(None)
    batch.take(None)
    assert arrays == []
