"""Sessions and a plain-Python model of them, driven side by side.

Their list is in the order of what happened last, so the model must know the clock: it runs on a
bench only.
"""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.helpers.running import ask, attention, ids, make_run_in, named, session
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, drive
from tests.models.model_runs import ENDED, RunModel

SESSIONS = st.sampled_from(["s1", "s1", "s2"])
READERS = st.sampled_from(["ann", "bob"])
NUMBERS = st.integers(0, 20)
THREADS = st.sampled_from([None, None, "th1", "th2"])
OUTCOMES = st.sampled_from(ENDED)
OUTPUT = ("diff", "terminal_status")
"""What a person would read, of what is said here."""


class Sessions(Machine):
    """Every rule does one thing to runs of two sessions, on both sides."""

    calls = (
        "session.get", "session.summary", "session.list", "session.trace", "session.output",
        "session.mark_read",
    )  # fmt: skip

    bench: FileBench

    def __init__(self, bench: FileBench) -> None:
        """Begin with a session of one run, which is at work."""
        super().__init__(bench)
        self.model = RunModel()
        self.tokens: dict[str, str] = {}
        self.create("s1")
        self.claim(0)
        self.ask(0, "turn", "why")

    def run_id(self, number: int) -> str:
        """Choose one of the runs that there are."""
        return list(self.model.runs)[number % len(self.model.runs)]

    def lease(self, run_id: str) -> dict[str, object]:
        """Pass the newest lease of a run; tokens are counted over all of them."""
        epoch = self.model.runs[run_id].epoch
        return {} if not epoch else {"lease": {"epoch": epoch, "token": self.tokens[run_id]}}

    @precondition(lambda self: len(self.model.runs) < 5)
    @rule(session_id=SESSIONS)
    def create(self, session_id: str) -> None:
        """Make a run of a session."""
        run_id = f"r{len(self.model.runs) + 1}"
        self.model.create(run_id, session_id)
        make_run_in(self.bench, session_id, run_id)

    @rule(number=NUMBERS)
    def claim(self, number: int) -> None:
        """Claim a run that has not ended, always by the same runner."""
        run_id = self.run_id(number)
        if self.model.claim(run_id, "rn1", 1000) is None:
            params = {"run_id": run_id, "runner_id": "rn1", "lease_ms": 1000}
            claimed = self.bench.call("run.claim", **params)
            self.tokens[run_id] = claimed["lease"]["token"]

    @rule(
        number=NUMBERS,
        type_=st.sampled_from(["turn", "turn", "steer", "interrupt"]),
        prompt=st.sampled_from(["", "why", "how"]),
    )
    def ask(self, number: int, type_: str, prompt: str) -> None:
        """Ask something of a run that has not ended."""
        run_id = self.run_id(number)
        command_id = f"cmd_{len(self.model.commands) + 1}"
        refusal, _ = self.model.ask(run_id, type_, prompt, None, command_id)
        if refusal is None:
            made = ask(self.bench, type_, run_id, payload={"prompt": f" {prompt}\n"})
            assert made == command_id

    @precondition(lambda self: self.model.commands)
    @rule(number=NUMBERS, outcome=OUTCOMES, thread=THREADS, cancel=st.booleans())
    def end_command(self, number: int, outcome: str, thread: str | None, cancel: bool) -> None:
        """End a command, in one way or the other."""
        command_id = list(self.model.commands)[number % len(self.model.commands)]
        run = self.model.runs[self.model.commands[command_id].run_id]
        if cancel:
            self.model.cancel_command(command_id)
            self.bench.call("command.cancel", command_id=command_id)
            return
        self.model.finish_command(command_id, run.epoch or None, outcome, thread)
        params = {"command_id": command_id, "outcome": outcome, "thread_id": thread}
        self.bench.call("command.finish", **params, **self.lease(run.run_id))

    @rule(number=NUMBERS, outcome=OUTCOMES, thread=THREADS, cancel=st.booleans())
    def end_run(self, number: int, outcome: str, thread: str | None, cancel: bool) -> None:
        """End a run, in one way or the other."""
        run = self.model.runs[self.run_id(number)]
        if cancel:
            self.model.cancel(run.run_id)
            self.bench.call("run.cancel", run_id=run.run_id)
            return
        self.model.finish(run.run_id, run.epoch or None, outcome, thread)
        params = {"run_id": run.run_id, "outcome": outcome, "thread_id": thread}
        self.bench.call("run.finish", **params, **self.lease(run.run_id))

    @rule(number=NUMBERS, type_=st.sampled_from(["usage", "diff"]))
    def append(self, number: int, type_: str) -> None:
        """Append an event."""
        run = self.model.runs[self.run_id(number)]
        self.model.append(run.run_id, run.epoch or None, type_)
        params = {"run_id": run.run_id, "type": type_, **self.lease(run.run_id)}
        self.bench.call("run.append_event", **params)

    @rule(session_id=SESSIONS, reader_id=READERS)
    def mark_read(self, session_id: str, reader_id: str) -> None:
        """Read a session."""
        if session_id in self.model.sessions:
            version = self.model.sessions[session_id].version
            self.model.read[reader_id, session_id] = version
            params = {"session_id": session_id, "reader_id": reader_id}
            answer = self.bench.call("session.mark_read", **params)
            assert answer["session_version"] == version

    @rule(milliseconds=st.integers(1, 2))
    def wait(self, milliseconds: int) -> None:
        """Let time pass."""
        self.bench.world.pass_ms(milliseconds)
        self.model.now_ms += milliseconds

    def after_start(self) -> None:
        """Give every lease its full time anew."""
        self.model.start()

    @invariant()
    def the_sessions_are_the_same(self) -> None:
        """Compare sessions field by field."""
        for session_id, model in self.model.sessions.items():
            found = session(self.bench, session_id)
            at = self.bench.world.time_from_ms(1_767_225_600_000 + model.activity_ms)
            assert found["last_activity_at"] == at
            for name in (
                "version", "state", "active_run_id", "active_command_id", "last_run_id",
                "last_command_id", "outcome", "thread_id", "title", "last_event_seq",
            ):  # fmt: skip
                assert found[name] == getattr(model, name), name

    @invariant()
    def the_streams_are_the_same(self) -> None:
        """Compare what each run said, as its session tells it; no other session tells of it."""
        for run in self.model.runs.values():
            about = {"session_id": run.session_id, "run_id": run.run_id}
            assert named(self.pages("session.trace", **about, limit=3)) == run.stream
            output = self.pages("session.output", **about, limit=1)
            assert named(output) == [each for each in run.stream if each in OUTPUT]
            others = set(self.model.sessions) - {run.session_id}
            for session_id in others:
                elsewhere = {**about, "session_id": session_id}
                self.call("RUN_NOT_FOUND", "session.trace", **elsewhere)

    @invariant()
    def the_run_to_tell_of_is_the_same(self) -> None:
        """Compare which run is told of where none is named: the active one, else the last."""
        for session_id, model in self.model.sessions.items():
            told = self.bench.call("session.trace", session_id=session_id)
            assert told["run_id"] == (model.active_run_id or model.last_run_id)

    @invariant()
    def readers_see_the_same(self) -> None:
        """Compare attention and the order of lists."""
        for reader_id in ("ann", "bob"):
            listed = self.model.listed(reader_id)
            assert ids(self.bench, "session.list", state="all", reader_id=reader_id, limit=1) == (
                listed
            )
            for session_id in listed:
                found = attention(self.bench, reader_id, session_id)
                assert found == self.model.attention(session_id, reader_id)


def test_sessions_agree_with_a_model() -> None:
    drive(lambda: Sessions(FileBench()), histories=65, steps=30)
