"""A sound history, to be spoilt by a test in one way each."""

import pytest

from tests.helpers.histories.recorded import (
    Append,
    Completion,
    Entry,
    Final,
    History,
    Hold,
    Look,
    Outcome,
    Read,
    Told,
)

DONE, REFUSED, UNKNOWN = Outcome.DONE, Outcome.REFUSED, Outcome.UNKNOWN
LIST, CHAIN, FENCED = "worker:list", "worker:chain", "worker:fenced"


def _appends() -> list[Append]:
    def on_list(number: int, begun: float, outcome: Outcome, seq: int | None) -> Append:
        done = begun + 1 if outcome is not UNKNOWN else float("inf")
        return Append(
            daemon=number % 3, begun=begun, done=done, outcome=outcome, stream=LIST,
            number=number, seq=seq, refusal="STORE_FAILED" if outcome is REFUSED else None,
        )  # fmt: skip

    return [
        on_list(1, 0, DONE, 1),
        on_list(2, 2, DONE, 2),
        on_list(3, 4, UNKNOWN, None),  # made after all
        on_list(4, 4, UNKNOWN, None),  # not made
        on_list(5, 6, REFUSED, None),
        on_list(6, 8, DONE, 4),
        *_moves(),
        *_fenced_writes(),
    ]


def _moves() -> list[Append]:
    def move(
        number: int, begun: float, states: tuple[str, str], seq: int | None, refusal: str | None
    ) -> Append:
        return Append(
            daemon=0, begun=begun, done=begun + 1, outcome=DONE if refusal is None else REFUSED,
            stream=CHAIN, number=number, seq=seq, record="t", before=states[0], after=states[1],
            refusal=refusal,
        )  # fmt: skip

    return [
        move(11, 0, ("A", "B"), 1, None),
        move(12, 2, ("B", "C"), 2, None),
        move(13, 2, ("B", "C"), None, "STALE_STATE"),
        move(14, 4, ("C", "B"), 3, None),
    ]


def _fenced_writes() -> list[Append]:
    def write(
        number: int, begun: float, epoch: int, seq: int | None, refusal: str | None = None
    ) -> Append:
        return Append(
            daemon=1, begun=begun, done=begun + 1, outcome=DONE if refusal is None else REFUSED,
            stream=FENCED, number=number, seq=seq, subject="c", epoch=epoch, refusal=refusal,
        )  # fmt: skip

    return [write(21, 2, 1, 1), write(22, 8, 1, None, "FENCED"), write(23, 8, 2, 2)]


def _hold(
    subject: str, begun: float, epoch: int, *, takes_over: bool = False, renews: bool = False
) -> Hold:
    return Hold(
        daemon=2, begun=begun, done=begun + 1, outcome=DONE, subject=subject, epoch=epoch,
        lease_ms=5000, takes_over=takes_over, renews=renews,
    )  # fmt: skip


def _read(daemon: int, begun: float, after_seq: int, numbers: tuple[int, ...]) -> Read:
    return Read(
        daemon=daemon, begun=begun, done=begun + 1, outcome=DONE, stream=LIST,
        after_seq=after_seq, numbers=numbers,
    )  # fmt: skip


@pytest.fixture
def history() -> History:
    """Give one that any number of sound daemons may leave."""
    entries = (
        *(Entry(LIST, seq, pos, n) for seq, pos, n in [(1, 1, 1), (2, 5, 2), (3, 6, 3), (4, 9, 6)]),
        *(Entry(CHAIN, seq, pos, n) for seq, pos, n in [(1, 2, 11), (2, 4, 12), (3, 7, 14)]),
        *(Entry(FENCED, seq, pos, n) for seq, pos, n in [(1, 3, 21), (2, 8, 23)]),
    )
    journal = tuple(sorted(entries, key=lambda each: each.pos))
    return History(
        appends=_appends(),
        reads=[
            _read(0, 2, 0, (1,)),
            _read(1, 5, 1, (2, 3)),
            _read(2, 9.5, 3, (6,)),
        ],
        looks=[Look(daemon=0, begun=3.5, done=3.6, outcome=DONE, record="t", state="C")],
        holds=[
            _hold("c", 0, 1),
            _hold("c", 4, 2, takes_over=True),
            _hold("c", 5, 2, renews=True),
            _hold("c", 10, 3),
            _hold("task:q", 0, 1),
            _hold("task:q", 6, 2),
        ],
        completions=[
            Completion(
                daemon=0, begun=8, done=9, outcome=REFUSED, refusal="FENCED", subject="task:q",
                epoch=1, number=31,
            ),
            Completion(
                daemon=0, begun=8, done=9, outcome=DONE, subject="task:q", epoch=2, number=32
            ),
        ],
        told=[Told("one", journal, 0), Told("two", journal[2:], journal[1].pos)],
        finals=[Final(each, journal, {"t": "B"}, {"task:q": 32}) for each in range(3)],
        first_states={"t": "A"},
    )  # fmt: skip
