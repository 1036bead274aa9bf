"""How long a client waits for a service that systemd starts, or starts again, in a booted box."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.helpers.systemd.box import Box, why_impossible
from tests.helpers.systemd.service import install_system

from bench.limits import Missed

ROUNDS = 11
# Runs in the box: connects, asks for a ping, and says how long each answer took.
_SCRIPT = """
import json, os, signal, socket, subprocess, sys, time

def ask(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(path)
        sock.sendall(b'{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}\\n')
        assert b"pong" in sock.recv(4096)

def systemctl(*words):
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()

def stop():
    systemctl("stop", "penholder.service")

def kill():
    pid = int(systemctl("show", "--value", "-p", "MainPID", "penholder.service"))
    os.kill(pid, signal.SIGKILL)

def timed(act):
    act()
    begun = time.perf_counter()
    ask(sys.argv[1])
    return 1000 * (time.perf_counter() - begun)

rounds = int(sys.argv[2])
ask(sys.argv[1])
print(json.dumps({act.__name__: sorted(timed(act) for _ in range(rounds)) for act in (stop, kill)}))
"""
_LIMITS = {"stop": ("first connect to an answer", 500), "kill": ("SIGKILL to an answer", 1000)}


def main() -> None:
    """First connect of a stopped service, and connect right after SIGKILL (as root)."""
    reason = why_impossible()
    if reason is not None:
        print(f"not measured: {reason}")
        return
    with TemporaryDirectory(prefix="ph-bench-") as name:
        box = Box(Path(name))
        try:
            box.boot()
            service = install_system(box)
            found = box.python(_SCRIPT, service.control_socket, str(ROUNDS))
        finally:
            box.end()
    for act, taken in found.items():
        what, limit_ms = _LIMITS[act]
        print(
            f"{what:28} median {taken[ROUNDS // 2]:4.0f} ms   worst {taken[-1]:4.0f} ms"
            f"   (limit: {limit_ms} ms)"
        )
        if taken[ROUNDS // 2] > limit_ms:
            raise Missed(f"{what} takes more than {limit_ms} ms")
