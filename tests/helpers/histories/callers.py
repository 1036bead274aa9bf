"""Callers that append, read, move, take and complete, each as its part of the seed says."""

import random
import threading
from collections.abc import Callable
from itertools import count

from tests.helpers.daemon_process import Json
from tests.helpers.histories import scene
from tests.helpers.histories.asking import Asker
from tests.helpers.histories.recorded import (
    Append,
    Completion,
    History,
    Hold,
    Look,
    Outcome,
    Read,
)

_NEXT = {"ASSIGNED": "WORKING", "WORKING": "IN_REVIEW", "IN_REVIEW": "WORKING"}
"""How tasks are moved: round and round."""
_LEASES_MS = (300, 1000, 600_000)
_ATTEMPTS = (1, 3, 12)
_READ_BACK = 40
_MOST_KEPT = 6


class _Held:
    """What was taken by a caller; it need not know that it was taken from it."""

    def __init__(self, subject: str, epoch: int, token: str, lease_ms: int) -> None:
        self.subject = subject
        self.epoch = epoch
        self.token = token
        self.lease_ms = lease_ms

    @property
    def proof(self) -> Json:
        return {"epoch": self.epoch, "token": self.token}


class Caller:
    """One thread's calls, until it is told that it is enough."""

    def __init__(
        self, asker: Asker, drawn: random.Random, history: History, numbers: "count[int]"
    ) -> None:
        """Know nothing yet."""
        self._asker = asker
        self._drawn = drawn
        self._history = history
        self._numbers = numbers
        self._states = dict.fromkeys(scene.CHAINED, "ASSIGNED")
        self._owned: list[_Held] = []
        self._claimed: list[_Held] = []
        self._ends: dict[str, int] = {}
        self._acts: tuple[tuple[Callable[[], None], int], ...] = (
            (self._append, 10),
            (self._read, 6),
            (self._move, 6),
            (self._look, 2),
            (self._acquire, 2),
            (self._renew, 2),
            (self._write_fenced, 6),
            (self._submit, 3),
            (self._claim, 4),
            (self._beat, 2),
            (self._complete, 4),
        )

    def run(self, enough: threading.Event) -> None:
        """Call until it is enough."""
        acts, weights = zip(*self._acts, strict=True)
        try:
            while not enough.is_set():
                self._drawn.choices(acts, weights)[0]()
        finally:
            self._asker.close()

    def _attempts(self) -> int:
        return self._drawn.choice(_ATTEMPTS)

    def _new(self) -> tuple[int, str]:
        """Return a number that nobody else has, and a key of its own."""
        number = next(self._numbers)
        return number, f"key-{number}"

    def _token(self) -> str:
        return f"{self._drawn.getrandbits(256):064x}"

    # --- streams ------------------------------------------------------------------------------
    def _append(self) -> None:
        worker = self._drawn.choice(scene.FREE)
        number, key = self._new()
        asked = self._asker.ask(
            "event.append", self._attempts(), worker_id=worker, type="n", data={"number": number},
            idempotency_key=key,
        )  # fmt: skip
        seq = None if asked.result is None else int(asked.result["event_seq"])
        self._history.appends.append(
            Append(**asked.times, stream=f"worker:{worker}", number=number, seq=seq)
        )

    def _read(self) -> None:
        worker = self._drawn.choice(scene.WORKERS)
        after_seq = max(0, self._ends.get(worker, 0) - _READ_BACK)
        asked = self._asker.ask("event.list", 1, worker_id=worker, after_seq=after_seq, limit=1000)
        if asked.result is None or asked.result["next"] is not None:
            return
        numbers = tuple(int(each["data"]["number"]) for each in asked.result["items"])
        self._ends[worker] = after_seq + len(numbers)
        self._history.reads.append(
            Read(**asked.times, stream=f"worker:{worker}", after_seq=after_seq, numbers=numbers)
        )

    # --- records ------------------------------------------------------------------------------
    def _move(self) -> None:
        task, worker = self._drawn.choice(list(scene.CHAINED.items()))
        before = self._states[task]
        after = _NEXT[before]
        number, key = self._new()
        calls = [
            {"method": "task.transition", "params": {
                "task_id": task, "expected": before, "to": after}},
            {"method": "event.append", "params": {
                "worker_id": worker, "type": "n", "data": {"number": number}}},
        ]  # fmt: skip
        asked = self._asker.ask("tx.apply", self._attempts(), calls=calls, idempotency_key=key)
        seq = None if asked.result is None else int(asked.result["results"][1]["event_seq"])
        self._history.appends.append(
            Append(
                **asked.times, stream=f"worker:{worker}", number=number, seq=seq, record=task,
                before=before, after=after,
            )
        )  # fmt: skip
        if asked.outcome is Outcome.DONE:
            self._states[task] = after
        else:
            self._look_at(task)

    def _look(self) -> None:
        self._look_at(self._drawn.choice(list(scene.CHAINED)))

    def _look_at(self, task: str) -> None:
        asked = self._asker.ask("task.get", 1, task_id=task)
        if asked.result is not None:
            self._states[task] = str(asked.result["state"])
            self._history.looks.append(Look(**asked.times, record=task, state=self._states[task]))

    # --- what has an owner --------------------------------------------------------------------
    def _acquire(self) -> None:
        takes_over = self._drawn.random() < 0.5
        lease_ms, token = self._drawn.choice(_LEASES_MS[:2]), self._token()
        _, key = self._new()
        asked = self._asker.ask(
            "controller.acquire", self._attempts(), controller_id=scene.OWNED, token=token,
            takeover=takes_over, lease_ms=lease_ms, idempotency_key=key,
        )  # fmt: skip
        epoch = None if asked.result is None else int(asked.result["epoch"])
        subject = f"controller:{scene.OWNED}"
        self._history.holds.append(
            Hold(
                **asked.times, subject=subject, epoch=epoch, lease_ms=lease_ms,
                takes_over=takes_over,
            )
        )  # fmt: skip
        if epoch is not None:
            self._owned.append(_Held(subject, epoch, token, lease_ms))
            del self._owned[:-_MOST_KEPT]

    def _renew(self) -> None:
        if not self._owned:
            return
        held = self._drawn.choice(self._owned)
        asked = self._asker.ask(
            "controller.renew", 1, controller_id=scene.OWNED, lease_ms=held.lease_ms, **held.proof
        )
        self._history.holds.append(
            Hold(
                **asked.times, subject=held.subject, epoch=held.epoch, lease_ms=held.lease_ms,
                renews=True,
            )
        )  # fmt: skip

    def _write_fenced(self) -> None:
        if not self._owned:
            return
        # Mostly the newest; an older one is what its owner may still believe in.
        held = self._owned[-1] if self._drawn.random() < 0.7 else self._drawn.choice(self._owned)
        number, key = self._new()
        asked = self._asker.ask(
            "event.append", self._attempts(), worker_id=scene.FENCED, type="n",
            data={"number": number}, fence=held.proof, idempotency_key=key,
        )  # fmt: skip
        seq = None if asked.result is None else int(asked.result["event_seq"])
        self._history.appends.append(
            Append(
                **asked.times, stream=f"worker:{scene.FENCED}", number=number, seq=seq,
                subject=held.subject, epoch=held.epoch,
            )
        )  # fmt: skip

    # --- the queue ----------------------------------------------------------------------------
    def _submit(self) -> None:
        number, key = self._new()
        self._asker.ask(
            "queue.submit", self._attempts(), queue=scene.QUEUE, queue_task_id=f"q{number}",
            tenant_id="t", project_id="p", max_attempts=1000, idempotency_key=key,
        )  # fmt: skip

    def _claim(self) -> None:
        lease_ms, token = self._drawn.choice(_LEASES_MS), self._token()
        number, key = self._new()
        asked = self._asker.ask(
            "queue.claim", self._attempts(), queue=scene.QUEUE, runner_id=f"r{number}",
            lease_ms=lease_ms, token=token, idempotency_key=key,
        )  # fmt: skip
        if asked.result is None:
            return
        for each in asked.result["items"]:
            subject, epoch = f"task:{each['task']['queue_task_id']}", int(each["lease"]["epoch"])
            self._history.holds.append(
                Hold(**asked.times, subject=subject, epoch=epoch, lease_ms=lease_ms)
            )
            self._claimed.append(_Held(subject, epoch, token, lease_ms))

    def _beat(self) -> None:
        if not self._claimed:
            return
        held = self._drawn.choice(self._claimed)
        asked = self._asker.ask(
            "queue.heartbeat", 1, queue_task_id=held.subject.removeprefix("task:"),
            lease=held.proof, lease_ms=held.lease_ms,
        )  # fmt: skip
        self._history.holds.append(
            Hold(
                **asked.times, subject=held.subject, epoch=held.epoch, lease_ms=held.lease_ms,
                renews=True,
            )
        )  # fmt: skip

    def _complete(self) -> None:
        if not self._claimed:
            return
        held = self._claimed.pop(self._drawn.randrange(len(self._claimed)))
        number, key = self._new()
        asked = self._asker.ask(
            "queue.complete", self._attempts(), queue_task_id=held.subject.removeprefix("task:"),
            lease=held.proof, result={"number": number}, idempotency_key=key,
        )  # fmt: skip
        self._history.completions.append(
            Completion(**asked.times, subject=held.subject, epoch=held.epoch, number=number)
        )
        if asked.outcome is not Outcome.DONE and asked.refusal != "FENCED":
            self._claimed.append(held)
