"""The four workers: real commands over the real tree, each under `penholder run`."""

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PENHOLDER = str(Path(sys.executable).with_name("penholder"))

_ASK = """
asked=$("$PENHOLDER" approval request --json --socket "$PENHOLDER_SOCKET" \
  --message 'May I read every word of this repository?' \
  | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["request_id"])')
answer=$("$PENHOLDER" approval wait --json --socket "$PENHOLDER_SOCKET" --request-id "$asked" \
  | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["decision"])')
[ "$answer" = allow ] || exit 9
git ls-files -z | xargs -0 cat | tr -cs 'A-Za-z' '\\n' | sort | uniq -c | sort -rn | head -n 300
"""
_HASH = """
git ls-files -z | xargs -0 -n 20 sh -c 'sha256sum "$@"; sleep 0.05' sh
git ls-files | wc -l
"""

COMMANDS = {
    "compile the modules": [
        sys.executable, "-m", "compileall", "-f", "daemon", "protocol", "clients",
    ],
    "run a test file": [
        sys.executable, "-m", "pytest", "-v", "--color=no",
        "tests/unit/rooms/test_worker_states.py",
    ],
    "hash and count the files": ["sh", "-c", _HASH],
    "count the words, if allowed": ["sh", "-ec", _ASK],
}  # fmt: skip


@dataclass
class Worker:
    """One `penholder run`, and what its command wrote."""

    worker_id: str
    label: str
    process: "subprocess.Popen[bytes]"
    written: dict[str, bytes] = field(default_factory=dict)
    _readers: list[threading.Thread] = field(default_factory=list)

    def read(self) -> None:
        """Keep what comes on stdout and stderr, for comparison with its events."""
        for name, pipe in (("stdout", self.process.stdout), ("stderr", self.process.stderr)):
            assert pipe is not None
            reader = threading.Thread(target=self._keep, args=(name, pipe.read))
            reader.start()
            self._readers.append(reader)

    def _keep(self, name: str, read: "object") -> None:
        assert callable(read)
        self.written[name] = read()

    def wait(self) -> int:
        """Wait for its end; returns the exit status of its command."""
        for reader in self._readers:
            reader.join()
        status = self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return status

    def end(self) -> None:
        """End it if the demo failed before it came to its own end."""
        if self.process.poll() is None:
            self.process.terminate()
            self.wait()


def start(environment: dict[str, str], pycache: Path) -> list[Worker]:
    """Start the four of them."""
    workers = []
    for number, (label, command) in enumerate(COMMANDS.items(), 1):
        worker_id = f"demo-{number}"
        process = subprocess.Popen(
            [
                PENHOLDER, "run", "--controller", "demo", "--worker-id", worker_id,
                "--label", label, "--", *command,
            ],
            cwd=ROOT,
            env={
                **os.environ, **environment, "PENHOLDER": PENHOLDER, "PYTHON": sys.executable,
                "PYTHONPYCACHEPREFIX": str(pycache),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip
        worker = Worker(worker_id, label, process)
        worker.read()
        workers.append(worker)
    return workers
