"""The errors of the contract, as a whole."""

import pytest

from penholder_protocol import errors
from penholder_protocol.errors import ERRORS, PenholderError, error_for

NUMBERS = {-32700, -32600, -32601, -32602, -32603, *range(1001, 1010)}


def _lacking(code: str, error: type[PenholderError]) -> list[str]:
    words = (error.__doc__ or "").split("\n")[0].strip()
    promised = {
        "its own code": error.code == code,
        "capitals": code == code.upper(),
        "a number": error.number in NUMBERS,
        "words": bool(words),
        "its words as message": error().message == words,
    }
    return [f"{code} lacks {what}" for what, is_there in promised.items() if not is_there]


def test_every_error_has_a_class_a_name_and_words() -> None:
    assert [each for code, error in ERRORS.items() for each in _lacking(code, error)] == []


def test_an_error_that_lacks_them_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors.Denied, "number", 1)
    monkeypatch.setattr(errors.Denied, "__doc__", "")
    lacking = ["its own code", "capitals", "a number", "words"]
    assert _lacking("Denied", errors.Denied)[:4] == [f"Denied lacks {what}" for what in lacking]


def test_names_on_the_wire_are_those_of_the_contract() -> None:
    assert {code: error.number for code, error in ERRORS.items()}.items() >= {
        "CONTROLLER_NOT_FOUND": 1001,
        "WORKER_NOT_FOUND": 1001,
        "EVENT_NOT_FOUND": 1001,
        "APPROVAL_NOT_FOUND": 1001,
        "APPROVAL_OPTION_UNKNOWN": 1001,
        "CONTROLLER_OWNERSHIP_CONFLICT": 1002,
        "WORKER_EXISTS": 1002,
        "WORKER_ATTACHED": 1002,
        "IDEMPOTENCY_CONFLICT": 1002,
        "IDEMPOTENCY_NOT_KEPT": 1002,
        "FENCED": 1003,
        "FENCE_REQUIRED": 1003,
        "INVALID_CONTROLLER_HANDLE": 1003,
        "NOT_ATTACHED": 1003,
        "INVALID_WORKER_STATE": 1004,
        "INVALID_WORKER_STATE_TRANSITION": 1004,
        "STALE_STATE": 1004,
        "WORKER_STOPPED": 1004,
        "WORKER_NOT_STOPPED": 1004,
        "APPROVAL_NOT_PENDING": 1004,
        "APPROVAL_PENDING": 1004,
        "VALUE_TOO_LARGE": 1005,
        "TOO_MANY_CONNECTIONS": 1005,
        "TOO_MANY_SUBSCRIPTIONS": 1005,
        "DENIED": 1006,
        "BUSY": 1007,
        "CURSOR_GONE": 1008,
        "STORE_FAILED": 1009,
    }.items()


def test_busy_and_its_like_are_worth_another_try() -> None:
    retryable = {code for code, error in ERRORS.items() if error.retryable}
    assert retryable >= {"BUSY", "TOO_MANY_CONNECTIONS", "STORE_FAILED"}
    assert not retryable & {"FENCED", "STALE_STATE", "IDEMPOTENCY_CONFLICT", "DENIED"}


def test_an_error_from_the_wire_becomes_its_class() -> None:
    fenced = error_for(1003, "stale", "FENCED", {"current_epoch": 2})
    assert type(fenced) is errors.Fenced
    assert (fenced.message, fenced.details) == ("stale", {"current_epoch": 2})
    assert type(error_for(-32601, "no", None, {})) is errors.MethodNotFound


def test_an_error_of_a_newer_daemon_keeps_its_number_and_name() -> None:
    unknown = error_for(1004, "new", "FROM_THE_FUTURE", {"a": 1})
    assert type(unknown) is PenholderError
    assert (unknown.number, unknown.code, str(unknown)) == (1004, "FROM_THE_FUTURE", "new")
    assert PenholderError.number == 0
