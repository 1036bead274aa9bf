"""A plain-Python model of runs, their claims, commands, streams and sessions.

It is written from the contract, with dictionaries and no database, and says for each call what
must come of it: None, or the error's name. `test_model_runs.py` and `test_model_sessions.py` drive
it and the rooms side by side.
"""

from dataclasses import dataclass, field

OPEN = ("pending", "acknowledged")
ENDED = ("completed", "failed", "blocked", "canceled")


@dataclass
class ModelCommand:
    """Something that was asked of a run."""

    command_id: str
    run_id: str
    seq: int
    type: str
    payload: str
    state: str = "pending"


@dataclass
class ModelRun:
    """A run with its stream, and who holds it under which epoch until when."""

    run_id: str
    session_id: str | None = None
    state: str = "pending"
    claimed_by: str | None = None
    epoch: int = 0
    lease_ms: int = 0
    deadline_ms: int = 0
    is_active: bool = False
    stream: list[str] = field(default_factory=list)
    commands: list[ModelCommand] = field(default_factory=list)
    keys: dict[str, ModelCommand] = field(default_factory=dict)


@dataclass
class ModelSession:
    """What runs share."""

    version: int
    last_run_id: str
    state: str = "idle"
    active_run_id: str | None = None
    active_command_id: str | None = None
    last_command_id: str | None = None
    outcome: str | None = None
    thread_id: str | None = None
    title: str | None = None
    last_event_seq: int = 0
    activity_ms: int = 0

    @property
    def is_active(self) -> bool:
        """Whether something of it is going on."""
        ids = (self.active_run_id, self.active_command_id)
        return self.state == "running" or ids != (None, None)


@dataclass
class RunModel:
    """All that the rooms should hold."""

    now_ms: int = 0
    version: int = 0
    runs: dict[str, ModelRun] = field(default_factory=dict)
    commands: dict[str, ModelCommand] = field(default_factory=dict)
    sessions: dict[str, ModelSession] = field(default_factory=dict)
    read: dict[tuple[str, str], int] = field(default_factory=dict)

    # --- helpers ------------------------------------------------------------------------------
    def say(self, run: ModelRun, what: str) -> None:
        """Add to the stream of a run; its session follows."""
        run.stream.append(what)
        if run.session_id is not None:
            session = self.sessions[run.session_id]
            session.last_event_seq = len(run.stream)
            session.activity_ms = self.now_ms

    def raise_version(self, session: ModelSession) -> None:
        """Give a session the next version."""
        self.version += 1
        session.version = self.version

    def session_of(self, run: ModelRun) -> ModelSession | None:
        """Return the session of a run, if it has one."""
        return None if run.session_id is None else self.sessions[run.session_id]

    def guard(self, run: ModelRun, epoch: int | None) -> str | None:
        """Say what a lease of this epoch (None: no lease) gets."""
        if epoch is not None:
            return None if epoch == run.epoch else "FENCED"
        return "FENCE_REQUIRED" if run.state == "claimed" else None

    # --- runs ---------------------------------------------------------------------------------
    def create(self, run_id: str, session_id: str | None = None) -> str | None:
        """Make a run, and its session if it is the first."""
        if run_id in self.runs:
            return "RUN_EXISTS"
        if session_id is not None and session_id not in self.sessions:
            self.version += 1
            self.sessions[session_id] = ModelSession(self.version, run_id)
        if session_id is not None:
            self.sessions[session_id].last_run_id = run_id
        self.runs[run_id] = ModelRun(run_id, session_id)
        self.say(self.runs[run_id], "run-created")
        return None

    def claim(self, run_id: str, runner_id: str, lease_ms: int) -> str | None:
        """Claim a run."""
        run = self.runs[run_id]
        if run.state in ENDED:
            return "RUN_TERMINAL"
        if run.claimed_by not in (None, runner_id) and self.now_ms < run.deadline_ms:
            return "RUNNER_LEASE_CONFLICT"
        run.state, run.claimed_by, run.is_active = "claimed", runner_id, True
        run.epoch += 1
        run.lease_ms, run.deadline_ms = lease_ms, self.now_ms + lease_ms
        if session := self.session_of(run):
            session.state, session.active_run_id, session.last_run_id = "running", run_id, run_id
        self.say(run, "run-claimed")
        return None

    def next(self) -> str | None:
        """Return the oldest run that may be claimed by anybody."""
        for run in self.runs.values():
            has_expired = run.state == "claimed" and self.now_ms >= run.deadline_ms
            if run.state == "pending" or has_expired:
                return run.run_id
        return None

    def heartbeat(self, run_id: str, epoch: int | None, lease_ms: int) -> str | None:
        """Renew a lease."""
        run = self.runs[run_id]
        refusal = self.guard(run, epoch)
        if refusal is not None or run.state in ENDED:
            return refusal
        if epoch is None:
            return "FENCE_REQUIRED"
        run.lease_ms, run.deadline_ms = lease_ms, self.now_ms + lease_ms
        return None

    def append(self, run_id: str, epoch: int | None, type_: str = "usage") -> str | None:
        """Append an event."""
        run = self.runs[run_id]
        refusal = self.guard(run, epoch)
        if refusal is None:
            self.say(run, type_)
        return refusal

    def finish(
        self, run_id: str, epoch: int | None, outcome: str, thread: str | None
    ) -> str | None:
        """End a run."""
        run = self.runs[run_id]
        refusal = self.guard(run, epoch)
        if refusal is None and run.state not in ENDED:
            self._change_thread(run, thread)
            self._end_run(run, outcome)
        return refusal

    def cancel(self, run_id: str) -> None:
        """Cancel a run and what is open of it."""
        run = self.runs[run_id]
        if run.state in ENDED:
            return
        for command in run.commands:
            if command.state in OPEN:
                self._end_command(run, command, "canceled")
        self.say(run, "cancel-requested")
        self._end_run(run, "canceled")

    def _end_run(self, run: ModelRun, outcome: str) -> None:
        run.state, run.is_active = outcome, False
        if session := self.session_of(run):
            of_run = [command.command_id for command in run.commands]
            over = session.active_command_id if session.active_command_id in of_run else None
            self._end(session, run, over, outcome)
        self.say(run, "terminal_status")

    def _end(
        self, session: ModelSession, run: ModelRun, command_id: str | None, outcome: str
    ) -> None:
        session.last_run_id = run.run_id
        if session.active_run_id == run.run_id and not run.is_active:
            session.active_run_id = None
        if command_id is not None and session.active_command_id == command_id:
            session.active_command_id = None
        in_session = [each for each in self.runs.values() if each.session_id == run.session_id]
        if not any(each.is_active for each in in_session):
            session.state, session.outcome = "terminal", outcome
        self.raise_version(session)

    def _end_late(self, session: ModelSession, run: ModelRun, command_id: str) -> None:
        """A turn of a run that has ended: the session may be elsewhere by now."""
        if session.active_command_id == command_id:
            session.active_command_id = None
        if session.last_run_id == run.run_id:
            session.last_command_id = command_id
        self.raise_version(session)

    def _change_thread(self, run: ModelRun, thread: str | None) -> None:
        session = self.session_of(run)
        if session is not None and thread is not None:
            session.thread_id = thread
            self.raise_version(session)
            self.say(run, "session-updated")

    # --- commands -----------------------------------------------------------------------------
    def ask(
        self, run_id: str, type_: str, payload: str, key: str | None, command_id: str
    ) -> tuple[str | None, ModelCommand | None]:
        """Ask something; `command_id` is what a new command would be called."""
        run = self.runs[run_id]
        made = run.keys.get(key) if key is not None else None
        if made is not None:
            same = (made.type, made.payload) == (type_, payload)
            return (None, made) if same else ("IDEMPOTENCY_CONFLICT", None)
        if run.state in ENDED:
            return "RUN_TERMINAL", None
        made = ModelCommand(command_id, run_id, len(run.commands) + 1, type_, payload)
        run.commands.append(made)
        self.commands[command_id] = made
        if key is not None:
            run.keys[key] = made
        self._begin(run, made)
        self.say(run, "command-created")
        return None, made

    def _begin(self, run: ModelRun, command: ModelCommand) -> None:
        session = self.session_of(run)
        if command.type == "interrupt":
            return
        run.is_active = True
        if session is None:
            return
        session.state, session.active_run_id, session.last_run_id = (
            "running",
            run.run_id,
            run.run_id,
        )
        session.last_command_id = command.command_id
        if command.type == "turn":
            session.active_command_id, session.outcome = command.command_id, None
            session.title = session.title or command.payload or None
        self.raise_version(session)

    def ack(self, command_id: str, epoch: int | None) -> str | None:
        """Acknowledge a command."""
        command = self.commands[command_id]
        refusal = self.guard(self.runs[command.run_id], epoch)
        if refusal is None and command.state == "pending":
            command.state = "acknowledged"
        return refusal

    def finish_command(
        self, command_id: str, epoch: int | None, outcome: str, thread: str | None
    ) -> str | None:
        """End a command."""
        command = self.commands[command_id]
        run = self.runs[command.run_id]
        refusal = self.guard(run, epoch)
        if refusal is None and command.state in OPEN:
            if command.type == "turn":
                self._change_thread(run, thread)
            self._end_command(run, command, outcome)
        return refusal

    def cancel_command(self, command_id: str) -> None:
        """Cancel a command."""
        command = self.commands[command_id]
        if command.state in OPEN:
            self._end_command(self.runs[command.run_id], command, "canceled")

    def _end_command(self, run: ModelRun, command: ModelCommand, outcome: str) -> None:
        command.state = "failed" if outcome == "blocked" else outcome
        session = self.session_of(run)
        if command.type == "turn":
            turns = [each for each in run.commands if each.type == "turn" and each.state in OPEN]
            run.is_active = bool(turns) and run.state not in ENDED
            if session is not None and run.state in ENDED:
                self._end_late(session, run, command.command_id)
            elif session is not None:
                session.last_command_id = command.command_id
                self._end(session, run, command.command_id, outcome)
        self.say(run, "command-terminal")

    # --- sessions -----------------------------------------------------------------------------
    def attention(self, session_id: str, reader_id: str) -> str:
        """Say what a session asks of a reader."""
        session = self.sessions[session_id]
        if session.is_active:
            return "active"
        read = self.read.get((reader_id, session_id))
        return "unread" if read is None or read < session.version else "read"

    def listed(self, reader_id: str) -> list[str]:
        """Return all sessions in the order of the list."""
        ranks = ["active", "unread", "read"]

        def place(session_id: str) -> tuple[int, int, str]:
            rank = ranks.index(self.attention(session_id, reader_id))
            return rank, -self.sessions[session_id].activity_ms, session_id

        return sorted(self.sessions, key=place)

    def start(self) -> None:
        """Give every lease its full time anew, one that had run out too."""
        for run in self.runs.values():
            run.deadline_ms = self.now_ms + run.lease_ms

    def stall(self, milliseconds: int) -> None:
        """Let so much pass that no lease ages by: one that had run out has still run out."""
        self.now_ms += milliseconds
        for run in self.runs.values():
            run.deadline_ms += milliseconds
