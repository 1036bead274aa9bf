"""Random pipelines and batches of every kind of method, right and wrong, from a generator."""

import json
import random

METHODS: list[tuple[str, dict[str, object]]] = [
    ("rpc.ping", {}),
    ("rpc.cancel", {"id": 3}),
    ("event.append", {"worker_id": "w", "type": "hostile"}),
    ("event.append", {"worker_id": "nobody", "type": "hostile"}),
    ("event.list", {"worker_id": "w", "limit": 1000}),
    ("event.wait", {"worker_id": "w", "after_seq": 10_000, "timeout_ms": 50}),
    ("queue.wait", {"queue": "q", "runner_id": "r", "lease_ms": 1000, "timeout_ms": 50}),
    ("journal.subscribe", {"streams": ["*"], "after": "start"}),
    ("journal.wait", {"streams": ["*"], "after": 0, "timeout_ms": 50}),
    ("worker.create", {"controller_id": "c", "label": "x", "launcher": "l", "profile": "p",
                       "cwd": "/", "worker_id": "q"}),
    ("worker.stop", {"worker_id": "q"}),
    ("tx.apply", {"calls": [{"method": "event.append",
                             "params": {"worker_id": "w", "type": "t"}}]}),
    ("daemon.status", {}),
    ("no.such.method", {}),
]  # fmt: skip


def _message(rng: random.Random, number: int) -> dict[str, object]:
    method, params = rng.choice(METHODS)
    message: dict[str, object] = {"jsonrpc": "2.0", "method": method, "params": params}
    if rng.random() < 0.9:
        message["id"] = rng.choice([number, 1])
    return message


def _line(rng: random.Random) -> bytes:
    if rng.random() < 0.2:
        return rng.choice([b"[]", b"1", b"{", b'{"jsonrpc":"2.0"}', b"\xff", b'{"id":1e400}'])
    if rng.random() < 0.4:
        batch = [_message(rng, number) for number in range(rng.randint(1, 8))]
        return json.dumps(batch).encode()
    return json.dumps(_message(rng, rng.randint(0, 9))).encode()


def pipeline(rng: random.Random) -> bytes:
    """Make some lines, and sometimes cut them anywhere."""
    sent = b"\n".join(_line(rng) for _ in range(rng.randint(1, 10))) + b"\n"
    return sent[: rng.randint(1, len(sent))] if rng.random() < 0.3 else sent
