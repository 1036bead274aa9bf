"""One question to an agent's program: who it is, and what it can do. No worker is made for it."""

import os
import select
import signal
import subprocess
import time
from contextlib import suppress

import msgspec

from penholder.cli.agent import dialects
from penholder.cli.agent.launchers import Chosen
from penholder.cli.agent.protocol import Message, decoded
from penholder_protocol import __version__

WITHIN_S = 30.0
_MOST_BYTES = 1 << 20
_CHUNK_BYTES = 64 << 10
_END_S = 2.0


class Probed(msgspec.Struct):
    """What was found out."""

    launcher: str
    command: list[str]
    agent: str | None = None
    version: str | None = None
    protocol: int | None = None
    can: list[str] = []
    log_in: list[str] = []
    """The ways to log in that it names."""
    missing: str | None = None


def probe(chosen: Chosen, within_s: float = WITHIN_S) -> Probed:
    """Start the program, ask, and end it with all that it has started."""
    found = Probed(chosen.name, list(chosen.launcher.command))
    if chosen.path is None:
        found.missing = "the program is not found on PATH"
        return found
    try:
        process = _start(chosen)
    except OSError as error:
        found.missing = f"cannot be run: {error.strerror}"
        return found
    try:
        _note(found, _ask(process, time.monotonic() + within_s, chosen.launcher.protocol), within_s)
    finally:
        _end(process)
    return found


def _start(chosen: Chosen) -> "subprocess.Popen[bytes]":
    passed = {k: v for k, v in os.environ.items() if not k.startswith("PENHOLDER_")}
    return subprocess.Popen(
        chosen.launcher.command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**passed, **chosen.launcher.env},
        bufsize=0,
        start_new_session=True,
    )


def _ask(process: "subprocess.Popen[bytes]", deadline: float, offered: int) -> Message | None:
    """Return its answer to initialize; None where there is none in time."""
    params = dialects.initialize(__version__, offered)
    asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    assert process.stdin is not None  # both are pipes
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.write(msgspec.json.encode(asked) + b"\n")
    heard = b""
    poll = select.poll()
    poll.register(process.stdout, select.POLLIN)
    while len(heard) < _MOST_BYTES and (left_s := deadline - time.monotonic()) > 0:
        if not poll.poll(left_s * 1000):
            return None
        chunk = os.read(process.stdout.fileno(), _CHUNK_BYTES)
        if not chunk:
            return None
        heard += chunk
        *lines, heard = heard.split(b"\n")
        for line in lines:
            message = decoded(line, Message)
            if message is not None and message.method is None and message.id == 1:
                return message
    return None


def _note(found: Probed, message: Message | None, within_s: float) -> None:
    if message is None:
        found.missing = f"it does not answer as an agent within {within_s:g} s"
        return
    agent = None
    with suppress(msgspec.MsgspecError):
        agent = dialects.agent_of(message.result)
    if message.error is not None or agent is None:
        found.missing = f"it refuses: {message.error or 'an odd answer'}"
        return
    found.agent, found.version, found.protocol = agent.name, agent.release, agent.version
    can = {"resume": agent.can_resume, "load": agent.can_load, "steer": agent.steering is not None}
    found.can = [word for word, is_so in can.items() if is_so]
    found.log_in = agent.log_in
    if agent.version not in dialects.DIALECTS:
        found.missing = (
            f"it speaks version {agent.version} of the protocol, not 1 or {dialects.NEWEST}"
        )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it and all of its group: many agents are a wrapper around another program."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
