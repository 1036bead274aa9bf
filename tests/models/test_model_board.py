"""Boards against a plain model: dictionaries of records, in the order of their making."""

from collections import Counter

import hypothesis.strategies as st
from hypothesis.stateful import invariant, rule

from tests.helpers.boards import BOARD_STATES, BRIEF_STATES, KINDS, WORKSTREAM_STATES
from tests.helpers.harness import Json
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, MortalBench, drive

BOARDS = st.sampled_from(["b1", "b1", "b2", "none"])
IDS = st.sampled_from(["x1", "x2", "x3", "x4"])
SOME_ID = st.none() | IDS
NOUNS = {"board": BOARD_STATES, "workstream": WORKSTREAM_STATES, "brief": BRIEF_STATES}
ANY_STATE = st.sampled_from(sorted({*BOARD_STATES, *WORKSTREAM_STATES}))


class Boards(Machine):
    """The room and the model, side by side."""

    calls = (
        "board.create", "board.get", "board.list", "board.set_state", "board.append_event",
        "board.events", "board.summary", "workstream.create", "workstream.get",
        "workstream.list", "workstream.set_state", "brief.create", "brief.get", "brief.list",
        "brief.set_state", "brief.set_result", "brief.retry", "brief.tree",
    )  # fmt: skip

    def __init__(self, bench: MortalBench) -> None:
        """Begin with something of everything, so that every rule has something to act on."""
        super().__init__(bench)
        self.held: dict[str, dict[str, Json]] = {noun: {} for noun in NOUNS}
        self.events: dict[str, list[tuple[str, str | None]]] = {}
        self.create_board("b1", "g")
        self.create_workstream("b1", "x1", 0)
        self.create_brief("b1", "x1", None, "x1")
        self.create_brief("b1", "x2", "x1", None)

    def missing(self, noun: str, board_id: str, record_id: str | None) -> str | None:
        """Say whether a record of a board is not there."""
        record = self.held[noun].get(record_id or "")
        is_there = record_id is None or (record is not None and record["board_id"] == board_id)
        return None if is_there else f"{noun.upper()}_NOT_FOUND"

    def create(self, refusal: str | None, noun: str, record_id: str, **params: Json) -> None:
        """Make a record, or have what stands."""
        standing = self.held[noun].get(record_id)
        if refusal is None and standing is not None and standing["board_id"] != params["board_id"]:
            refusal = f"{noun.upper()}_EXISTS"
        answer = self.call(refusal, f"{noun}.create", **{f"{noun}_id": record_id}, **params)
        if refusal is None:
            self.held[noun].setdefault(record_id, answer)
            assert answer == self.held[noun][record_id]

    @rule(board_id=st.sampled_from(["b1", "b2"]), goal=st.sampled_from(["g", "h"]))
    def create_board(self, board_id: str, goal: str) -> None:
        """Make a board."""
        answer = self.bench.call("board.create", board_id=board_id, goal=goal)
        assert self.held["board"].setdefault(board_id, answer) == answer
        self.events.setdefault(board_id, [])

    @rule(board_id=BOARDS, record_id=IDS, tier=st.integers(0, 2))
    def create_workstream(self, board_id: str, record_id: str, tier: int) -> None:
        """Make a workstream."""
        refusal = self.missing_board(board_id)
        self.create(refusal, "workstream", record_id, board_id=board_id, name="n", tier=tier)

    @rule(board_id=BOARDS, record_id=IDS, parent=SOME_ID, workstream_id=SOME_ID)
    def create_brief(
        self, board_id: str, record_id: str, parent: str | None, workstream_id: str | None
    ) -> None:
        """Make a brief."""
        refusal = (
            self.missing_board(board_id)
            or self.missing("brief", board_id, parent)
            or self.missing("workstream", board_id, workstream_id)
        )
        about = {"parent_brief_id": parent, "workstream_id": workstream_id}
        self.create(refusal, "brief", record_id, board_id=board_id, role="r", tier=1, **about)

    def missing_board(self, board_id: str) -> str | None:
        """Say whether a board is not there."""
        return None if board_id in self.held["board"] else "BOARD_NOT_FOUND"

    @rule(
        noun=st.sampled_from(sorted(NOUNS)),
        record_id=IDS | BOARDS,
        state=ANY_STATE,
        expected=st.none() | ANY_STATE,
    )
    def set_state(self, noun: str, record_id: str, state: str, expected: str | None) -> None:
        """Put something into a state."""
        record = self.held[noun].get(record_id)
        refusal = None
        if not {state, expected or state} <= set(NOUNS[noun]):
            refusal = "INVALID_PARAMS"
        elif record is None:
            refusal = f"{noun.upper()}_NOT_FOUND"
        elif expected not in (None, record["state"]):
            refusal = "STALE_STATE"
        params = {f"{noun}_id": record_id, "state": state, "expected": expected}
        answer = self.call(refusal, f"{noun}.set_state", **params)
        if refusal is None:
            self.change(noun, record_id, answer, state=state)

    def change(self, noun: str, record_id: str, answer: Json, **fields: Json) -> None:
        """Change a record of the model; when, only the answer can tell."""
        at = answer["updated_at"]
        self.held[noun][record_id] = {**self.held[noun][record_id], **fields, "updated_at": at}
        assert answer == self.held[noun][record_id]

    @rule(brief_id=IDS)
    def retry(self, brief_id: str) -> None:
        """Count a try."""
        brief = self.held["brief"].get(brief_id)
        refusal = None if brief else "BRIEF_NOT_FOUND"
        answer = self.call(refusal, "brief.retry", brief_id=brief_id)
        if brief:
            self.change("brief", brief_id, answer, retry_count=brief["retry_count"] + 1)

    @rule(brief_id=IDS, result=st.sampled_from([{}, {"a": 1}]))
    def finish(self, brief_id: str, result: Json) -> None:
        """Store a result."""
        brief = self.held["brief"].get(brief_id)
        refusal = None if brief else "BRIEF_NOT_FOUND"
        answer = self.call(refusal, "brief.set_result", brief_id=brief_id, result=result)
        if brief:
            self.change("brief", brief_id, answer, state="done", result=result)

    @rule(board_id=BOARDS, kind=st.sampled_from(KINDS), brief_id=SOME_ID)
    def append_event(self, board_id: str, kind: str, brief_id: str | None) -> None:
        """Log something."""
        refusal = self.missing_board(board_id) or self.missing("brief", board_id, brief_id)
        about = {"board_id": board_id, "kind": kind, "brief_id": brief_id}
        self.call(refusal, "board.append_event", **about)
        if refusal is None:
            self.events[board_id].append((kind, brief_id))

    @invariant()
    def records_agree(self) -> None:
        """Compare everything, each alone."""
        for noun, held in self.held.items():
            for record_id in ("b1", "b2", "x1", "x2", "x3", "x4"):
                refusal = None if record_id in held else f"{noun.upper()}_NOT_FOUND"
                found = self.call(refusal, f"{noun}.get", **{f"{noun}_id": record_id})
                assert found == held.get(record_id)

    @invariant()
    def lists_agree(self) -> None:
        """Compare everything, newest first, as a whole and by state."""
        boards = list(reversed(self.held["board"].values()))
        assert self.pages("board.list", limit=1) == boards
        for noun in ("workstream", "brief"):
            for board_id in self.held["board"]:
                newest_first = list(reversed(self.of(noun, board_id)))
                assert self.pages(f"{noun}.list", board_id=board_id, limit=2) == newest_first
                found = self.bench.call(f"{noun}.list", board_id=board_id, state="done")["items"]
                assert found == [each for each in newest_first if each["state"] == "done"]

    def of(self, noun: str, board_id: str) -> list[Json]:
        """Return the records of a board, oldest first."""
        return [each for each in self.held[noun].values() if each["board_id"] == board_id]

    @invariant()
    def trees_agree(self) -> None:
        """Compare the trees of all boards."""
        for board_id in self.held["board"]:
            briefs = self.of("brief", board_id)

            def below(parent: str | None, briefs: list[Json] = briefs) -> list[Json]:
                return [
                    {**brief, "children": below(brief["brief_id"])}
                    for brief in briefs
                    if brief["parent_brief_id"] == parent
                ]

            assert self.bench.call("brief.tree", board_id=board_id)["items"] == below(None)

    @invariant()
    def summaries_and_events_agree(self) -> None:
        """Compare what is counted and what was logged."""
        for board_id, board in self.held["board"].items():
            assert self.bench.call("board.summary", board_id=board_id) == {
                **board,
                "workstreams_by_state": self.count("workstream", board_id),
                "briefs_by_state": self.count("brief", board_id),
                "events_by_kind": dict(Counter(kind for kind, _ in self.events[board_id])),
            }
            events = self.bench.call("board.events", board_id=board_id)["items"]
            assert [(each["kind"], each["brief_id"]) for each in events] == self.events[board_id]
            assert [each["seq"] for each in events] == list(range(1, len(events) + 1))

    def count(self, noun: str, board_id: str) -> dict[str, int]:
        """Count records by state."""
        return dict(Counter(each["state"] for each in self.of(noun, board_id)))


class BoardsInTime(Boards):
    """The same under a clock that the test turns."""

    bench: FileBench

    @rule(milliseconds=st.integers(1, 5))
    def pass_time(self, milliseconds: int) -> None:
        """Let time pass."""
        self.bench.world.pass_ms(milliseconds)

    def change(self, noun: str, record_id: str, answer: Json, **fields: Json) -> None:
        """Change a record of the model; it was changed now."""
        assert answer["updated_at"] == self.bench.world.now()
        super().change(noun, record_id, answer, **fields)


def test_boards_agree_with_a_model() -> None:
    drive(lambda: BoardsInTime(FileBench()), histories=65, steps=40)
