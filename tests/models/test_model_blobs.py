"""Blobs against a plain model: when each was put, and which entries name it."""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from penholder_protocol.errors import BlobNotFound
from penholder_protocol.limits import BLOB_UNNAMED_MS
from tests.helpers.blobs import encoded, id_of
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, drive

ALL_WORKERS = ("w1", "w2")
WORKERS = st.sampled_from(ALL_WORKERS)
ALL_CONTENTS = (b"", b"one", b"two", b"x" * 5000)
CONTENTS = st.sampled_from(ALL_CONTENTS)


class Blobs(Machine):
    """What is known is what was put within an hour, and what an entry names."""

    calls = ("blob.put", "blob.get")
    bench: FileBench

    def __init__(self, bench: FileBench) -> None:
        """Begin with two workers."""
        super().__init__(bench)
        self.put_ms: dict[bytes, int] = {}
        self.entries: dict[str, list[tuple[int, list[bytes]]]] = {}
        self.pruned = dict.fromkeys(ALL_WORKERS, 0)
        for worker_id in ALL_WORKERS:
            bench.worker(worker_id)
            self.entries[worker_id] = []

    @property
    def hour_ago_ms(self) -> int:
        """Until when a put is too long ago."""
        return self.bench.now_ms() - BLOB_UNNAMED_MS

    def is_named(self, data: bytes) -> bool:
        """Tell whether an entry that is left names it."""
        return any(
            data in named
            for worker_id, entries in self.entries.items()
            for _, named in entries[self.pruned[worker_id] :]
        )

    @rule(data=CONTENTS)
    def put(self, data: bytes) -> None:
        """Put something, perhaps again."""
        answer = self.bench.call("blob.put", bytes_base64=encoded(data), last=True)
        assert (answer["blob_id"], answer["size"]) == (id_of(data), len(data))
        self.put_ms[data] = self.bench.now_ms()

    @rule(worker_id=WORKERS, named=st.lists(CONTENTS, max_size=3))
    def append(self, worker_id: str, named: list[bytes]) -> None:
        """Name some, which must all be there."""
        refusal = None if all(data in self.put_ms for data in named) else "BLOB_NOT_FOUND"
        blob_ids = [id_of(data) for data in named]
        about = {"worker_id": worker_id, "type": "t", "blobs": blob_ids}
        answer = self.call(refusal, "event.append", **about)
        if refusal is None:
            assert answer["blobs"] == blob_ids
            self.entries[worker_id].append((self.bench.now_ms(), named))

    @rule(worker_id=WORKERS, keep_last=st.integers(0, 3))
    def prune(self, worker_id: str, keep_last: int) -> None:
        """Take the oldest entries; what only they named goes too, unless it was put since."""
        entries = self.entries[worker_id]
        before, after = self.pruned[worker_id], max(0, len(entries) - keep_last)
        self.bench.call("daemon.prune", keep_last=keep_last, streams=[f"worker:{worker_id}"])
        if after <= before:
            return
        self.pruned[worker_id] = after
        newest_ms, _ = entries[after - 1]
        for data in {data for _, named in entries[before:after] for data in named}:
            if not self.is_named(data) and self.put_ms[data] <= max(newest_ms, self.hour_ago_ms):
                del self.put_ms[data]

    @rule(milliseconds=st.sampled_from([1, BLOB_UNNAMED_MS // 2, BLOB_UNNAMED_MS]))
    def pass_time(self, milliseconds: int) -> None:
        """Let time pass, and what nobody names be removed."""
        self.bench.world.pass_ms(milliseconds)
        self.bench.own("blob.forget_unnamed")
        self.after_start()

    def after_start(self) -> None:
        """A start looks for what has had its hour, too."""
        for data, put_ms in list(self.put_ms.items()):
            if put_ms <= self.hour_ago_ms and not self.is_named(data):
                del self.put_ms[data]

    @invariant()
    def all_agree(self) -> None:
        """Compare what is known, and what entries say that they name."""
        for data in ALL_CONTENTS:
            try:
                found = self.bench.call("blob.get", blob_id=id_of(data))
            except BlobNotFound:
                assert data not in self.put_ms
            else:
                assert data in self.put_ms
                assert found == {"bytes_base64": encoded(data), "size": len(data), "eof": True}
        for worker_id, entries in self.entries.items():
            left = entries[self.pruned[worker_id] :]
            listed = self.pages(
                "event.list", worker_id=worker_id, after_seq=self.pruned[worker_id], limit=2
            )
            expected = [[id_of(data) for data in named] for _, named in left]
            assert [each["blobs"] for each in listed] == expected


def test_blobs_agree_with_a_model() -> None:
    drive(lambda: Blobs(FileBench()), histories=55, steps=40)
