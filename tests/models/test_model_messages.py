"""Messages against a plain model: a list for each topic, and how far each reader has read it."""

from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from penholder_daemon.core.caller import Caller
from penholder_daemon.rooms.messages.methods import OWN_KINDS
from tests.helpers.harness import CONTROLLER, Json
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, MortalBench, drive

ALL_TOPICS = ("a", "b", "b:c")
ALL_READERS = ("ann", "w1", "w1/ui")
TOPICS = st.sampled_from(ALL_TOPICS)
READERS = st.sampled_from([None, *ALL_READERS])
KINDS = st.sampled_from(["said", "asked", "said", "asked", *sorted(OWN_KINDS)])
WANTED_KINDS = st.sampled_from([None, "said", "asked", "task_failed"])
CORRELATIONS = st.sampled_from([None, "x", "y"])
SEQS = st.integers(0, 6)
ARE_WORKERS = st.booleans()


class ModelMessage(NamedTuple):
    """A message; its place in the list of its topic is its sequence number."""

    kind: str
    correlation_id: str | None
    payload: Json


class Messages(Machine):
    """Every rule makes one call, on the control socket or on a worker's, on both sides."""

    calls = ("message.publish", "message.list", "message.ack", "message.unread", "message.wait")

    def __init__(self, bench: MortalBench) -> None:
        """Begin with a worker, a topic that holds two messages and two that hold none."""
        super().__init__(bench)
        self.topics: dict[str, list[ModelMessage]] = {topic: [] for topic in ALL_TOPICS}
        self.read: dict[tuple[str, str], int] = {}
        self.worker = self.bench.seated_worker("w1")
        self.publish("a", "said", "x", 1, False)
        self.publish("a", "asked", None, 2, True)

    def caller(self, is_worker: bool) -> Caller:
        """Choose who calls."""
        return self.worker if is_worker else CONTROLLER

    @rule(
        topic=TOPICS, kind=KINDS, correlation=CORRELATIONS, number=SEQS, is_worker=ARE_WORKERS
    )  # fmt: skip
    def publish(
        self, topic: str, kind: str, correlation: str | None, number: int, is_worker: bool
    ) -> None:
        """Publish a message; the daemon's own kinds are denied to all."""
        message = ModelMessage(kind, correlation, {"n": number})
        refusal = "DENIED" if kind in OWN_KINDS else None
        params = {"topic": topic, **message._asdict()}
        answer = self.call(refusal, "message.publish", self.caller(is_worker), **params)
        if refusal is None:
            self.topics[topic].append(message)
            assert answer["seq"] == len(self.topics[topic])

    @rule(topic=TOPICS, reader=READERS, seq=SEQS, is_worker=ARE_WORKERS)
    def ack(self, topic: str, reader: str | None, seq: int, is_worker: bool) -> None:
        """Read up to a message: never back, at most to the last; a worker is a reader itself."""
        named = reader or ("w1" if is_worker else None)
        refusal = "INVALID_PARAMS" if named is None else None
        if is_worker and reader not in (None, "w1", "w1/ui"):
            refusal = "DENIED"
        params = {"topic": topic, "reader": reader, "seq": seq}
        answer = self.call(refusal, "message.ack", self.caller(is_worker), **params)
        if refusal is None and named is not None:
            stored = max(self.read.get((named, topic), 0), min(seq, len(self.topics[topic])))
            self.read[named, topic] = stored
            assert answer == {"topic": topic, "reader": named, "seq": stored}

    @rule(
        topic=TOPICS, after_seq=SEQS, correlation=CORRELATIONS, kind=WANTED_KINDS,
        limit=st.integers(1, 3), is_worker=ARE_WORKERS,
    )  # fmt: skip
    def look(
        self,
        topic: str,
        after_seq: int,
        correlation: str | None,
        kind: str | None,
        limit: int,
        is_worker: bool,
    ) -> None:
        """List some, page by page, and wait for them; where there is none, for no time at all."""
        wanted = [
            (seq, message)
            for seq, message in enumerate(self.topics[topic], start=1)
            if seq > after_seq
            and kind in (None, message.kind)
            and correlation in (None, message.correlation_id)
        ]
        about = {"topic": topic, "after_seq": after_seq, "correlation_id": correlation}
        caller = self.caller(is_worker)
        found = self.pages("message.list", caller, **about, kind=kind, limit=limit)
        assert _messages(found) == wanted
        waited = self.bench.call("message.wait", caller, **about, kind=kind, timeout_ms=0)
        assert _messages(waited["items"]) == wanted

    @invariant()
    def readers_agree(self) -> None:
        """Compare what each reader has before it in each topic."""
        for topic, messages in self.topics.items():
            for reader in ALL_READERS:
                read = self.read.get((reader, topic), 0)
                answer = self.bench.call("message.unread", topic=topic, reader=reader)
                assert answer == {"count": len(messages) - read, "after_seq": read}
            own = self.bench.call("message.unread", self.worker, topic=topic)
            assert own["after_seq"] == self.read.get(("w1", topic), 0)


def _messages(items: list[Json]) -> list[tuple[int, ModelMessage]]:
    return [
        (each["seq"], ModelMessage(each["kind"], each["correlation_id"], each["payload"]))
        for each in items
    ]


def test_messages_agree_with_a_model() -> None:
    drive(lambda: Messages(FileBench()), histories=65, steps=40)
