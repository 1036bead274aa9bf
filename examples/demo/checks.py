"""The claims of the demo, each held against what the database says at the end."""

from base64 import b64decode

from examples.demo.show import text_of
from examples.demo.workers import Worker
from penholder.blocking import Client
from penholder_protocol.nouns import Entry

Claim = tuple[str, str, bool]


def read_back(control: Client, streams: list[str], after: int = 0) -> list[Entry]:
    """Read every entry of some streams after a position, page by page."""
    entries: list[Entry] = []
    while True:
        page = control.journal.read(streams=streams, after=after, limit=1000)
        if not page.items:
            return entries
        entries += page.items
        after = page.pos


def written(entries: list[Entry], stream: str) -> bytes:
    """Put the output of a command together again from its events."""
    whole = b""
    for entry in entries:
        data = text_of(entry)
        if entry.type != "output" or data["stream"] != stream:
            continue
        text = data.get("text")
        whole += str(text).encode() if text is not None else b64decode(str(data["base64"]))
        if not data.get("continued") and data.get("newline", True):
            whole += b"\n"
    return whole


def without_own_words(whole: bytes) -> bytes:
    """Leave out what `penholder run` says of its own, as what its command asks."""
    lines = whole.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"penholder run: "))


def of_worker(control: Client, worker: Worker, status: int) -> list[Claim]:
    """Compare what a worker's command wrote with what its stream holds."""
    entries = read_back(control, [f"worker:{worker.worker_id}"])
    numbered = [entry.seq for entry in entries]
    lines = sum(entry.type == "output" for entry in entries)
    same = all(
        written(entries, name) == without_own_words(whole) for name, whole in worker.written.items()
    )
    state = control.worker.get(worker_id=worker.worker_id).state
    name = f"{worker.worker_id} ({worker.label})"
    return [
        (f"{name}: every byte is an event", f"{lines} events of output", same and lines > 0),
        (
            f"{name}: numbered 1, 2, 3 … without gap or double",
            f"1 … {len(numbered)}",
            numbered == list(range(1, len(numbered) + 1)),
        ),
        (f"{name}: ended well", f"exit {status}, {state}", (status, state) == (0, "stopped")),
    ]


def of_subscription(control: Client, seen: list[Entry], begin: int) -> list[Claim]:
    """Compare what a live subscriber saw, over a crash, with the journal."""
    stored = read_back(control, ["*"], begin)
    same = [entry.entry_id for entry in seen] == [entry.entry_id for entry in stored]
    counted = f"{len(stored)} entries stored, {len(seen)} seen live"
    return [("a subscriber saw every entry once, in order, over the crash", counted, same)]
