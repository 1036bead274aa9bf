"""The run of the demo, step by step; exits with 1 and the reason if a claim does not hold."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from examples.demo import agents, checks, words, workers
from examples.demo.show import Show
from penholder.blocking import Client
from penholder_protocol.errors import Fenced
from penholder_protocol.nouns import Entry, Fence, Handle

CONTROLLER = "demo"


class Demo:
    """One private daemon, and what is done with it."""

    def __init__(self, directory: Path) -> None:
        """Keep everything below a directory that goes away."""
        self.show = Show()
        self._directory = directory
        self._environment = {
            "PENHOLDER_STATE_DIR": str(directory / "state"),
            "PENHOLDER_RUNTIME_DIR": str(directory / "run"),
            "PENHOLDER_CONFIG": os.devnull,
        }
        self._control = Client(directory / "run" / "control.sock")
        self._seen: list[Entry] = []
        self._running: list[workers.Worker] = []
        self._claims: list[checks.Claim] = []
        self._begin = 0

    def run(self) -> bool:
        """Do all of it; True if every claim holds."""
        begun = time.monotonic()
        self.show.step("Start a daemon in a private directory")
        self._up()
        self._claims += words.Words(self.show, self._environment, self._control).act()
        act = agents.Agents(self.show, self._environment, self._control, self._directory)
        self._claims += act.act()
        self._begin = self._control.journal.position().pos
        self.show.step("Register a controller for this repository and own it")
        self._control.controller.register(
            controller_id=CONTROLLER, label="the demo", workspace_key=str(workers.ROOT)
        )
        first = self._control.controller.acquire(controller_id=CONTROLLER)
        self.show.line(f"epoch {first.epoch}; the token is shown once and stored hashed")
        self._follow()
        self.show.step("Run four workers with real commands, and watch their events live")
        fence = {"PENHOLDER_FENCE": f"{first.epoch}:{first.token}"}
        self._running = workers.start({**self._environment, **fence}, self._directory / "pycache")
        self._grant(first)
        second = self._take_over(first)
        self._crash()
        self.show.step("Wait for the workers")
        statuses = [worker.wait() for worker in self._running]
        self._check(statuses, second)
        self.show.line(f"{time.monotonic() - begun:.1f} s")
        return self.show.claims(self._claims)

    def _up(self) -> None:
        environment = {**os.environ, **self._environment}
        subprocess.run([workers.PENHOLDER, "--no-json", "up"], env=environment, check=True)

    def _follow(self) -> None:
        self._live = self._control.subscribe(["*"], after=self._begin)
        self._follower = threading.Thread(target=self._show_live)
        self._follower.start()

    def _show_live(self) -> None:
        for entry in self._live:
            self._seen.append(entry)
            self.show.entry(entry)

    def _stop_following(self) -> None:
        self._live.close()
        self._follower.join()

    def _grant(self, owner: Handle) -> None:
        """Wait for the worker that asks, and allow it."""
        requested = self._control.journal.wait(
            streams=[f"controller:{CONTROLLER}"], after=0, types=["approval.requested"]
        )
        assert requested.items
        [question] = self._control.approval.list().items
        self.show.step(f"{question.worker_id} asks: “{question.message}”. Grant it")
        decided = self._control.approval.decide(
            request_id=question.request_id, option="allow", fence=_fence(owner)
        )
        self._claim("an approval is answered once", decided.state, decided.decision == "allow")

    def _take_over(self, first: Handle) -> Handle:
        """Let a second controller take over, and the first try to write on."""
        self.show.step("A second controller takes over; the first does not know yet")
        second = self._control.controller.acquire(controller_id=CONTROLLER, takeover=True)
        try:
            self._control.worker.stop(worker_id="demo-1", fence=_fence(first))
        except Fenced as refusal:
            self.show.line(f"the first is refused: {refusal.code}: {refusal.message}")
            seen, holds = str(refusal.details), refusal.details["current_epoch"] == second.epoch
        else:
            seen, holds = "it was not refused", False
        self._claim("a stale owner is fenced and told the current epoch", seen, holds)
        return second

    def _crash(self) -> None:
        """SIGKILL the daemon in the middle of everything, and start it again."""
        pid = self._control.daemon.status().pid
        self.show.step(f"SIGKILL the daemon (pid {pid}) in the middle, and start it again")
        os.kill(pid, signal.SIGKILL)
        self._up()
        after = self._control.daemon.status().pid
        self._claim("the daemon came back under another pid", f"{pid} → {after}", pid != after)

    def _check(self, statuses: list[int], owner: Handle) -> None:
        for worker, status in zip(self._running, statuses, strict=True):
            self._claims += checks.of_worker(self._control, worker, status)
        valid = self._control.controller.validate(
            controller_id=CONTROLLER, epoch=owner.epoch, token=owner.token or ""
        ).valid
        self._claim("the second owner still holds it after the crash", f"valid: {valid}", valid)
        self._until_seen(self._control.journal.position().pos)
        self._stop_following()
        self._claims += checks.of_subscription(self._control, self._seen, self._begin)

    def _until_seen(self, pos: int) -> None:
        """Give the live subscriber a moment to come to the end."""
        deadline = time.monotonic() + 10
        while (not self._seen or self._seen[-1].pos < pos) and time.monotonic() < deadline:
            time.sleep(0.01)

    def _claim(self, claim: str, seen: str, holds: bool) -> None:
        self._claims.append((claim, seen, holds))

    def stop(self) -> None:
        """End whatever still runs, the daemon last."""
        for worker in self._running:
            worker.end()
        self._stop_following()
        environment = {**os.environ, **self._environment}
        subprocess.run([workers.PENHOLDER, "--no-json", "down"], env=environment, check=True)
        self._control.close()


def _fence(handle: Handle) -> Fence:
    assert handle.token is not None
    return Fence(epoch=handle.epoch, token=handle.token)


def main() -> int:
    """Run the demo; returns its exit status."""
    with TemporaryDirectory(prefix="penholder-demo-", ignore_cleanup_errors=True) as name:
        demo = Demo(Path(name))
        try:
            holds = demo.run()
        finally:
            demo.stop()
    if not holds:
        print("a claim does not hold: see the table", file=sys.stderr)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
