"""Peers that mean harm, or are broken: each kind is one connection's whole life.

Each is given a connected socket and a generator of its own, and returns when it is done; what the
daemon does to it meanwhile is its own business. None of them reads more than it says.
"""

import json
import random
import select
import socket
from collections.abc import Callable
from time import monotonic

from tests.helpers.pipelines import pipeline

Peer = Callable[[socket.socket, random.Random], None]

_PATIENCE_SECONDS = 0.5
KINDS: dict[str, Peer] = {}


def _kind(peer: Peer) -> Peer:
    KINDS[peer.__name__] = peer
    return peer


def message(method: str, request_id: object = 1, **params: object) -> bytes:
    """Make a request line."""
    request = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    return json.dumps(request).encode() + b"\n"


def _batch(*members: bytes) -> bytes:
    return b"[" + b",".join(each.strip() for each in members) + b"]\n"


def _append(rng: random.Random) -> bytes:
    return message("event.append", rng.randrange(1000), worker_id="w_victim", type="hostile")


def _big_read(request_id: int) -> bytes:
    return message("event.list", request_id, worker_id="w_big", limit=1000)


def _push(sock: socket.socket, data: bytes) -> None:
    """Send as much as is taken for a while, and read nothing."""
    until = monotonic() + _PATIENCE_SECONDS
    view = memoryview(data)
    sock.setblocking(False)
    while view and monotonic() < until:
        _, writable, _ = select.select([], [sock], [], _PATIENCE_SECONDS)
        if not writable:
            return
        view = view[sock.send(view) :]


@_kind
def hangs_up_in_a_pipeline(sock: socket.socket, rng: random.Random) -> None:
    """Go before the first answer can be sent."""
    _push(sock, message("rpc.ping") + _append(rng) + message("rpc.ping", 2))


@_kind
def cuts_pipelines_anywhere(sock: socket.socket, rng: random.Random) -> None:
    """Send pipelines and batches of everything, and go at any point of them."""
    for _ in range(rng.randint(1, 6)):
        _push(sock, pipeline(rng))
        if rng.random() < 0.3:
            sock.setblocking(True)
            sock.settimeout(0.05)
            sock.recv(rng.randint(1, 4000))


@_kind
def hangs_up_in_waits(sock: socket.socket, rng: random.Random) -> None:
    """Go while waits are parked behind mutations."""
    wait = message("event.wait", "w", worker_id="w_victim", after_seq=1 << 40)
    claim = message("queue.wait", "q", queue="none", runner_id="r", lease_ms=1000)
    _push(sock, _append(rng) + wait + _append(rng) + claim)


@_kind
def stops_in_a_frame(sock: socket.socket, rng: random.Random) -> None:
    """Begin a frame of a megabyte and leave it."""
    _push(sock, b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * rng.randrange(1 << 20))


@_kind
def sends_a_frame_too_long(sock: socket.socket, rng: random.Random) -> None:
    """Never send a newline."""
    _push(sock, b"[" * (1 << 20) + b"[" * rng.randrange(1 << 18))


@_kind
def sends_noise(sock: socket.socket, rng: random.Random) -> None:
    """Send bytes that mean nothing."""
    _push(sock, rng.randbytes(rng.randrange(1 << 18)) + b"\n")


@_kind
def asks_for_unknown_methods(sock: socket.socket, rng: random.Random) -> None:
    """Have a nearest name looked for again and again."""
    _push(sock, b"".join(message(f"worker.lits{rng.randrange(10**6)}", n) for n in range(2000)))


@_kind
def asks_in_batches_of_faults(sock: socket.socket, rng: random.Random) -> None:
    """Have every message of many batches answered with an error."""
    _push(sock, (b"[" + b",".join([b"1"] * 100) + b"]\n") * rng.randrange(1, 60))


@_kind
def reads_nothing_of_much(sock: socket.socket, rng: random.Random) -> None:
    """Ask for hundreds of large pages and take none."""
    _push(sock, b"".join(_big_read(number) for number in range(rng.randrange(50, 400))))


@_kind
def reads_nothing_of_batches(sock: socket.socket, rng: random.Random) -> None:
    """Have batches of large answers held by one long wait in each."""
    wait = message("event.wait", 999, worker_id="w_victim", after_seq=1 << 40, timeout_ms=300_000)
    _push(sock, _batch(*(_big_read(number) for number in range(99)), wait) * rng.randrange(1, 4))


@_kind
def pads_its_waits(sock: socket.socket, rng: random.Random) -> None:
    """Send small requests in frames of a megabyte."""
    for number in range(rng.randrange(8, 24)):
        padded = message("event.wait", number, worker_id="w_victim", after_seq=1 << 40,
                         timeout_ms=300_000)  # fmt: skip
        _push(sock, padded[:-2] + b" " * (1_000_000) + padded[-2:])


@_kind
def holds_params(sock: socket.socket, rng: random.Random) -> None:
    """Pipeline mutations that are as large as may be."""
    data = {"text": "x" * 200_000}
    body = message("event.append", 1, worker_id="nobody", type="t", data=data)
    _push(sock, body * rng.randrange(5, 40))


@_kind
def uses_long_keys(sock: socket.socket, rng: random.Random) -> None:
    """Send JSON whose keys are all new and long."""
    keys = {f"secret{rng.random()}" + "k" * 60_000: 1 for _ in range(3)}
    for number in range(20):
        _push(sock, message("run.append_event", number, run_id="none", type="error", payload=keys))


@_kind
def nests_deeply(sock: socket.socket, rng: random.Random) -> None:
    """Send values that are nested as deep as a frame holds."""
    depth = rng.randrange(60, 100_000)
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    frame = b'{"jsonrpc":"2.0","id":1,"method":"event.append","params":{"worker_id":"w_victim",'
    _push(sock, frame + b'"type":"t","data":' + deep + b"}}\n")


@_kind
def sends_odd_numbers(sock: socket.socket, rng: random.Random) -> None:
    """Send numbers that no reader can hold."""
    odd = rng.choice([b"1e400", b"-1e999", b"9" * 5000, b"1" + b"0" * 400, b'"\\ud800"'])
    frame = b'{"jsonrpc":"2.0","id":1,"method":"event.append","params":{"worker_id":"w_victim",'
    _push(sock, (frame + b'"type":"t","data":{"n":' + odd + b"}}}\n") * 20)


@_kind
def sends_what_is_long_to_check(sock: socket.socket, rng: random.Random) -> None:
    """Send large values that are all numbers, brackets or escapes."""
    pieces = [b"1e100", b"[]", b'"\\u0041"', b'"\\/\\/"', b"0.1e-5", b"1" * 300, b"0." + b"0" * 290]
    piece = rng.choice(pieces)
    value = b"[" + b",".join([piece] * (200_000 // len(piece))) + b"]"
    frame = b'{"jsonrpc":"2.0","id":1,"method":"event.append","params":{"worker_id":"nobody",'
    _push(sock, (frame + b'"type":"t","data":{"n":' + value + b'},"raw":' + value + b"}}\n") * 10)


@_kind
def reuses_one_id(sock: socket.socket, rng: random.Random) -> None:
    """Open many requests under the same id."""
    wait = message("event.wait", 7, worker_id="w_victim", after_seq=1 << 40, timeout_ms=300_000)
    _push(sock, wait * rng.randrange(2, 500))


@_kind
def subscribes_to_all_and_sleeps(sock: socket.socket, rng: random.Random) -> None:
    """Take every subscription there is, from the start, and read none."""
    _push(sock, b"".join(
        message("journal.subscribe", number, streams=["*"], after="start") for number in range(70)
    ))  # fmt: skip


@_kind
def reads_a_byte_at_a_time(sock: socket.socket, rng: random.Random) -> None:
    """Ask for much and read as slowly as can be."""
    _push(sock, b"".join(_big_read(number) for number in range(20)))
    sock.settimeout(0.1)
    try:
        for _ in range(20):
            sock.recv(1)
    except OSError:
        return


@_kind
def shuts_one_half(sock: socket.socket, rng: random.Random) -> None:
    """Say that nothing more comes, with waits open, and read nothing."""
    _push(sock, _append(rng) + message("journal.wait", 2, streams=["*"], after=0))
    sock.shutdown(rng.choice([socket.SHUT_WR, socket.SHUT_RD]))


@_kind
def makes_and_stops_workers(sock: socket.socket, rng: random.Random) -> None:
    """Have sockets closed before they are served."""
    name = f"w_{rng.randrange(1 << 40)}"
    made = {"worker_id": name, "controller_id": "c", "label": "l", "launcher": "l",
            "profile": "p", "cwd": "/"}  # fmt: skip
    calls = [
        {"method": "worker.create", "params": made},
        {"method": "worker.stop", "params": {"worker_id": name}},
    ]
    _push(sock, message("tx.apply", calls=calls))


@_kind
def asks_costly_questions(sock: socket.socket, rng: random.Random) -> None:
    """Ask for what has to be looked for everywhere."""
    _push(sock, b"".join(
        message("journal.read", number, streams=["*"], types=["never"], limit=1000)
        + message("session.list", f"s{number}", state="all")
        + message("daemon.prune", f"p{number}", keep_last=1, dry_run=True)
        for number in range(rng.randrange(5, 30))
    ))  # fmt: skip


_REFUSED: list[tuple[str, dict[str, object]]] = [
    ("worker.get", {"worker_id": "nobody"}),
    ("event.append", {"worker_id": "nobody", "type": "t", "idempotency_key": "k"}),
    ("event.append", {"worker_id": "nobody", "type": "t", "data": {"text": "x" * 190_000}}),
    ("event.wait", {"worker_id": "nobody", "after_seq": 0}),
    ("queue.wait", {"queue": "q", "runner_id": "r", "lease_ms": 1000, "lanes": []}),
    ("journal.subscribe", {"streams": ["*"], "after": 1 << 40}),
    ("journal.wait", {"streams": ["*"], "after": 1 << 40}),
    ("daemon.backup", {"path": "/"}),
    ("daemon.backup", {"path": "/", "idempotency_key": "k"}),
    ("tx.apply", {"calls": [{"method": "worker.stop", "params": {"worker_id": "nobody"}}]}),
    ("blob.put", {"upload_id": "nobody", "offset": 1, "bytes_base64": "AAAA" * 20_000}),
]


@_kind
def is_refused_with_much(sock: socket.socket, rng: random.Random) -> None:
    """Have every way to carry a request out refuse one that is large, and hear the answers."""
    space = b'"params":{' + b" " * 90_000
    asked = [
        message(method, number, **params).replace(b'"params": {', space)
        for number, (method, params) in enumerate(rng.sample(_REFUSED, len(_REFUSED)))
    ]
    sock.sendall(b"".join(asked))
    heard = 0
    while heard < len(asked) and (chunk := sock.recv(1 << 16)):
        heard += chunk.count(b"\n")


def attack(path: str, kind: str, seed: object) -> None:
    """Be one hostile peer, from connecting to the end; what the daemon answers is not looked at."""
    rng = random.Random(f"{kind}/{seed}")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        try:
            sock.connect(path)
            KINDS[kind](sock, rng)
        except OSError:
            return
