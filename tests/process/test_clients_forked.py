"""The blocking client over a fork, against a real daemon: each process has its own answers."""

import subprocess
import sys

import pytest

from tests.helpers.daemon_process import DaemonProcess, make_worker

_TIMEOUT_S = 60
_HEAD = """
import os, sys, threading
from penholder.blocking import Client
path, worker_id = sys.argv[1:]
client = Client(path, reconnect_s=10)

def ids_of(client, count):
    return [client._request_ids.next() for _ in range(count)]

def child_ended(pid):
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""
_ANSWERS = """
client.rpc.ping()
pid = os.fork()
label = "child" if pid == 0 else "parent"
for number in range(100):
    event = client.event.append(worker_id=worker_id, type="t", data={"of": label, "n": number})
    assert bytes(event.data) == f'{{"of":"{label}","n":{number}}}'.encode(), label
if pid == 0:
    client.close()
    os._exit(0)
child_ended(pid)
client.rpc.ping()
of = [bytes(each.data) for each in client.event.list(worker_id=worker_id, limit=1000).items]
assert len(of) == len(set(of)) == 200
"""
_IDS = """
read, write = os.pipe()
pid = os.fork()
if pid == 0:
    os.write(write, " ".join(ids_of(client, 3)).encode())
    os._exit(0)
child_ended(pid)
assert not set(os.read(read, 1000).decode().split()) & set(ids_of(client, 3))
"""
_THREADS = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads, which we mean to
other = Client(path)
waiting = threading.Thread(target=client.event.wait, kwargs={"worker_id": worker_id})
waiting.start()
while not client._turns._is_taken:
    other.rpc.ping()
pid = os.fork()
if pid == 0:
    assert client.rpc.ping().pong
    os._exit(0)
child_ended(pid)
other.event.append(worker_id=worker_id, type="t")
waiting.join(30)
assert not waiting.is_alive()
"""
_SUBSCRIPTIONS = """
entries = client.subscribe([f"worker:{worker_id}"])
for number in range(3):
    client.event.append(worker_id=worker_id, type="t")
assert next(entries).seq == 1
pid = os.fork()
assert [next(entries).seq for _ in range(2)] == [2, 3]
if pid == 0:
    entries.close()
    os._exit(0)
child_ended(pid)
client.event.append(worker_id=worker_id, type="t")
assert next(entries).seq == 4
"""
_TAIL = """
for name in ("entries", "other", "client"):
    if name in globals():
        globals()[name].close()
"""


@pytest.mark.parametrize("script", [_ANSWERS, _IDS, _THREADS, _SUBSCRIPTIONS],
                         ids=["answers", "ids", "threads", "subscriptions"])  # fmt: skip
def test_parent_and_child_each_have_their_own(daemon: DaemonProcess, script: str) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
    program = [sys.executable, "-W", "error", "-c", _HEAD + script + _TAIL]
    ended = subprocess.run(
        [*program, str(daemon.control_socket), worker_id],
        capture_output=True, text=True, timeout=_TIMEOUT_S, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
