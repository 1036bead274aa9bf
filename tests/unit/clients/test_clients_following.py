"""The cursor of a subscription, without I/O."""

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from penholder._shared.following import After, Following
from penholder_protocol.errors import CursorGone
from tests.helpers.records import entry


def _raw(**fields: object) -> Raw:
    return Raw(msgspec.json.encode(fields))


def _begun(after: After, pos: int) -> Following:
    following = Following(["worker:w"], after, None)
    following.begin(_raw(subscription="s_1", pos=pos))
    return following


def _take(following: Following, *positions: int, **fields: Any) -> bool:
    notice = {"subscription": "s_1", "pos": max(positions, default=0), **fields}
    params = _raw(entries=[entry(pos) for pos in positions], **notice)
    return following.take("journal.entries", params)


def _drain(following: Following) -> list[int]:
    return [following.next().pos for _ in range(len(following.entries))]


def test_now_is_pinned_when_the_subscription_begins() -> None:
    following = _begun("now", 41)
    assert following.params() == {"streams": ["worker:w"], "after": 41, "types": None}
    assert following.pos == 41


def test_start_stays_start_until_something_is_seen() -> None:
    following = _begun("start", 99)
    assert following.params()["after"] == "start"
    _take(following, 3, 5)
    assert following.params()["after"] == 5


def test_pos_follows_what_is_handed_out_not_what_has_come() -> None:
    following = _begun(0, 0)
    _take(following, 3, 5, pos=9)
    assert (following.pos, following.params()["after"]) == (0, 9)
    assert following.next().pos == following.pos == 3
    assert following.next().pos == 5
    assert following.pos == 9, "what came last stood at 9"


def test_an_empty_notification_moves_the_cursor() -> None:
    following = _begun(0, 0)
    _take(following, pos=7)
    assert (following.pos, following.params()["after"]) == (7, 7)


def test_doubles_are_dropped() -> None:
    following = _begun(4, 4)
    _take(following, 3, 4, 5)
    _take(following, 5, 6)
    assert _drain(following) == [5, 6]


def test_another_subscription_is_not_ours() -> None:
    following = _begun(0, 0)
    _take(following, 1, subscription="s_0")
    assert not following.take("journal.lagged", _raw(subscription="s_0", resume_after=1))
    assert not following.take("journal.pruned", _raw(subscription="s_0", stream="x", oldest_pos=1))
    assert _drain(following) == []


def test_other_notifications_are_not_ours() -> None:
    following = _begun(0, 0)
    assert not following.take("runtime.fenced", _raw(worker_id="w", current_epoch=2))
    assert not following.take("journal.entries", msgspec.UNSET)


def test_lagged_resumes_after_what_was_seen() -> None:
    following = _begun(0, 0)
    _take(following, 1, 2)
    assert following.take("journal.lagged", _raw(subscription="s_1", resume_after=2))
    assert following.params()["after"] == 2


def test_lagged_before_anything_was_seen() -> None:
    following = _begun("start", 0)
    assert following.take("journal.lagged", _raw(subscription="s_1", resume_after=12))
    assert following.params()["after"] == 12


def test_pruned_is_told() -> None:
    following = _begun(0, 0)
    with pytest.raises(CursorGone) as caught:
        following.take("journal.pruned", _raw(subscription="s_1", stream="w", oldest_pos=8))
    assert caught.value.details == {"stream": "w", "oldest_pos": 8}


def test_types_are_asked_for() -> None:
    assert Following("daemon", 1, ("a", "b")).params() == {
        "streams": ["daemon"],
        "after": 1,
        "types": ["a", "b"],
    }
