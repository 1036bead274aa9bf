"""Facts for timelines, made by hand; also with texts that would be something else if they could."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Raw

from penholder.cli.timeline.facts import Facts, Happening, Present
from penholder.cli.workers.summaries import Summary
from penholder_protocol.nouns import Approval, Option

BEGIN_MS = 1_767_268_800_000
"""2026-01-01T12:00:00Z."""
HOSTILE = (
    "</script><script>document.title='owned'</script>",
    "]]><script>document.title='owned'</script>",
    "</title></svg><img src=x onerror=\"document.title='owned'\">",
    "</style><style>*{display:none}</style>",
    "\"' onload=\"document.title='owned'\" x='",
    "--><!-- <![CDATA[ &#60;b&#62; &lt;i&gt;",
    "a\u202egnp.exe\u2066\u2069\u200f\u061c",
    "nul \x00 escape \x1b[31m bell \x07 \x9b1m \x7f",
    "lone \ud800 and \udfff surrogates, \ufffe \uffff",
    "line one\nline two\r\n\ttab \u2028 \u2029 \x85",
    "é" * 4096,
    "\U0001f427" * 4096,
    "\x1b" * 4096,
    "",
    "  ",
)


def at(s: float) -> str:
    """Return a time so many seconds after the begin, as the daemon writes it."""
    time = datetime.fromtimestamp(BEGIN_MS / 1000 + s, UTC)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Story:
    """Entries as the daemon would have written them, one after the other."""

    def __init__(self) -> None:
        """Begin with none."""
        self.happenings: list[Happening] = []
        self._seqs: dict[str, int] = {}

    def _add(self, s: float, stream: str, type_: str, turn_id: str | None, data: object) -> None:
        seq = self._seqs[stream] = self._seqs.get(stream, 0) + 1
        text = Raw(json.dumps(data).encode())
        pos = len(self.happenings) + 1
        self.happenings.append(Happening(pos, stream, seq, at(s), type_, turn_id, text))

    def told(self, s: float, type_: str, worker_id: str | None = "w", **data: object) -> None:
        """Tell something of a worker, or of the owner, in the stream of controller `c`."""
        about = {} if worker_id is None else {"worker_id": worker_id}
        self._add(s, "controller:c", type_, None, {**about, "uid": 7, "pid": 70, **data})

    def moved(self, s: float, before: str, to: str, worker_id: str = "w") -> None:
        """Tell of a change of state."""
        self.told(
            s, "worker.state_changed", worker_id, **{"from": before, "to": to, "force": False}
        )

    def wrote(
        self, s: float, type_: str = "output", worker_id: str = "w", turn: str | None = None,
        **data: object,
    ) -> None:  # fmt: skip
        """Have a worker write into its own stream."""
        self._add(s, f"worker:{worker_id}", type_, turn, data)


def present(worker_id: str = "w", label: str = "make-1", **more: str | None) -> Present:
    """Return a worker as it is now."""
    fields: dict[str, str | None] = {
        "controller_id": "c", "state": "running", "recovery_state": "attached",
        "created_at": at(0), "updated_at": at(0), "last_error": None, **more,
    }  # fmt: skip
    return Present(worker_id=worker_id, label=label, **fields)  # type: ignore[arg-type]  # by name


def question(request_id: str, message: str = "May I?", **more: object) -> Approval:
    """Return a question."""
    fields: dict[str, object] = {
        "worker_id": "w", "turn_id": None, "state": "pending", "kind": "tool.call",
        "options": [Option(id="allow", alias="allow", label="Allow")], "keep": False,
        "runtime_epoch": 1, "created_at": at(1), "deadline_at": None, "decided_at": None,
        "decision": None, "selected_option_id": None, "selected_alias": None, "note": None, **more,
    }  # fmt: skip
    known = {name: value for name, value in fields.items() if name in Approval.__struct_fields__}
    return Approval(request_id=request_id, message=message, **known)  # type: ignore[arg-type]  # by name


def facts(
    story: Story,
    *workers: Present,
    end_s: float = 100,
    questions: Sequence[Approval] = (),
    controllers: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    worker_ids: Sequence[str] | None = None,
    summaries: Mapping[str, Summary] | None = None,
) -> Facts:
    """Return the facts of a story."""
    return Facts(
        begin_ms=BEGIN_MS,
        end_ms=BEGIN_MS + round(end_s * 1000),
        happenings=story.happenings,
        workers={each.worker_id: each for each in workers},
        controllers=controllers or {"c": "controller c"},
        questions={each.request_id: each for each in questions},
        summaries=summaries or {},
        notes=notes,
        worker_ids=worker_ids,
    )


def hostile() -> Facts:
    """Return facts in which everybody says everything that is in HOSTILE, wherever it goes."""
    story, workers, questions = Story(), [], []
    summaries: dict[str, Summary] = {}
    for number, text in enumerate(HOSTILE):
        worker_id, request_id = f"w{number}", f"ap_{number}"
        workers.append(present(worker_id, text, last_error=text, state=text or "idle"))
        questions.append(
            question(
                request_id, text, note=text, decision=text, state="decided",
                options=[Option(id="a", alias=text, label=text)],
            )
        )  # fmt: skip
        story.told(1, "worker.created", worker_id, label=text, state=text)
        story.moved(2, text, text, worker_id)
        story.told(3, "approval.requested", worker_id, request_id=request_id)
        story.told(4, "approval.decided", worker_id, request_id=request_id)
        story.wrote(5, "process.failed", worker_id, turn=text, error=text)
        story.wrote(6, "process.exited", worker_id, turn=text, signal=text, exit_status=None)
        story.wrote(7, text, worker_id, text=text)
        story.wrote(7, "turn.started", worker_id, turn=text, text=text)
        story.wrote(7, "turn.ended", worker_id, turn=text, outcome=text, why=text)
        story.wrote(7, "agent.failed", worker_id, turn=text, reason=text)
        summaries[worker_id] = Summary(text, turn=text, prompt=text, tool=text)
        story.told(8, text, worker_id, request_id=text, label=text)
        story.told(9, "controller.acquired", None, epoch=text, owner_pid=text, takeover=True)
    return facts(
        story, *workers, questions=questions, notes=HOSTILE, end_s=10,
        controllers={"c": HOSTILE[0]}, summaries=summaries,
    )  # fmt: skip
