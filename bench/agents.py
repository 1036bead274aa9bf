"""How soon an agent's first word is on the terminal, and what runners cost, with 20 agents at once.

The agent says what time it is by the clock that all processes of a machine share, so what is
measured is from its own write to the line on the pipe that stands for a terminal.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.limits import Broken, Missed
from bench.peers import processes
from bench.running_daemon import RunningDaemon, running_daemon

ROUNDS = 7
MANY = 20
_LIMIT_MS = 500
_IDLE_S = 5.0
_AGENT = """
import json, sys, time
def say(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("method") == "initialize":
        say(id=asked["id"], result={"protocolVersion": 1})
    elif asked.get("method") == "session/new":
        say(id=asked["id"], result={"sessionId": "s"})
    elif asked.get("method") == "session/prompt":
        text = {"type": "text", "text": f"{time.monotonic()}\\\\n"}
        update = {"sessionUpdate": "agent_message_chunk", "content": text}
        say(method="session/update", params={"sessionId": "s", "update": update})
        say(id=asked["id"], result={"stopReason": "end_turn"})
"""


def main() -> None:
    """Start to first update shown, alone and beside 20 agents (limit: 500 ms after its own)."""
    with running_daemon() as daemon:
        person = _Person(daemon)
        alone = [person.start_and_look() for _ in range(ROUNDS)]
        names = [person.start() for _ in range(MANY)]
        try:
            beside = [person.start_and_look() for _ in range(ROUNDS)]
            _tell_cost(daemon, len(names))
        finally:
            person.stop_all()
    _tell("alone", alone)
    _tell(f"beside {MANY}", beside)
    shown_ms = statistics.median(1000 * shown for _, shown in beside)
    if shown_ms > _LIMIT_MS:
        raise Missed(f"an agent's first word is shown after {shown_ms:.0f} ms")


class _Person:
    """Who starts agents at a terminal."""

    def __init__(self, daemon: RunningDaemon) -> None:
        self._daemon = daemon
        directory = daemon.directory
        configuration = directory / "conf/penholder/penholder.toml"
        configuration.parent.mkdir(parents=True)
        configuration.write_text(
            f'[launcher.clock]\ncommand = ["{sys.executable}", "-c", """{_AGENT}"""]\n'
        )
        self._environment = {
            **os.environ,
            "PENHOLDER_STATE_DIR": str(directory / "state"),
            "PENHOLDER_RUNTIME_DIR": str(directory),
            "XDG_CONFIG_HOME": str(directory / "conf"),
            "XDG_RUNTIME_DIR": "",  # below the keeper, not as units of systemd
        }
        self._penholder = str(Path(sys.executable).with_name("penholder"))

    def _command(self, *words: str) -> list[str]:
        return [self._penholder, "agent", "start", "--launcher", "clock", *words]

    def start_and_look(self) -> tuple[float, float]:
        """Return the seconds from the start, and from the agent's own word, to its line."""
        begun = time.monotonic()
        process = subprocess.Popen(
            self._command("what time is it?"), env=self._environment, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, cwd=self._daemon.directory, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        line = process.stdout.readline()
        seen = time.monotonic()
        process.stdout.close()
        if process.wait(timeout=60):
            raise Broken("an agent's turn did not end well")
        return seen - begun, seen - float(line)

    def start(self) -> str:
        """Start one in the background, idle."""
        command = self._command("-d")
        return subprocess.run(
            command, env=self._environment, cwd=self._daemon.directory, check=True,
            capture_output=True, text=True, timeout=60,
        ).stdout.strip()  # fmt: skip

    def stop_all(self) -> None:
        """End them all, and see that nobody is left."""
        workers = self._daemon.control.worker.list(limit=1000).items
        runners = [worker.runtime_pid for worker in workers if worker.runtime_pid is not None]
        found = {each for runner in runners for each in processes.family(_keeper(runner))}
        command = [self._penholder, "stop", *(worker.worker_id for worker in workers)]
        subprocess.run(command, env=self._environment, check=True, capture_output=True, timeout=120)
        deadline = time.monotonic() + 10
        while left := [pid for pid in found if Path(f"/proc/{pid}").exists()]:
            if time.monotonic() > deadline:
                raise Broken(f"processes are left: {left}")
            time.sleep(0.05)


def _keeper(runner: int) -> int:
    stat = Path(f"/proc/{runner}/stat").read_bytes()
    return int(stat.rpartition(b")")[2].split()[1])


def _tell_cost(daemon: RunningDaemon, many: int) -> None:
    living = daemon.control.worker.list(limit=1000).items
    runners = [each.runtime_pid for each in living if each.runtime_pid is not None][:many]
    others = [pid for runner in runners for pid in (_keeper(runner), *_guards(runner))]
    before = processes.cpu_seconds(runners + others)
    time.sleep(_IDLE_S)
    idle = (processes.cpu_seconds(runners + others) - before) / _IDLE_S / len(runners)
    runner_mib = processes.rss_bytes(runners) / len(runners) / 2**20
    others_mib = processes.rss_bytes(others) / len(runners) / 2**20
    print(
        f"{len(runners)} runners, each: {runner_mib:.1f} MiB, keeper, guard {others_mib:.1f} MiB"
        f" (shares); idle {100 * idle:.2f} % of a core"
    )


def _guards(runner: int) -> list[int]:
    """Return the runner's guard: a child that is no agent's."""
    return [
        pid
        for pid in processes.family(runner)[1:]
        if b"run.guard" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def _tell(where: str, taken: list[tuple[float, float]]) -> None:
    started, shown = zip(*taken, strict=True)
    print(
        f"{where:10} start → shown median {1000 * statistics.median(started):5.0f} ms"
        f"   its word → shown median {1000 * statistics.median(shown):4.0f} ms,"
        f" most {1000 * max(shown):4.0f} ms"
    )
