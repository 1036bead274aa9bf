"""From an agent's first word to a session that takes prompts.

A session that there was is gone on with as the agent can: resumed, which tells nothing again, else
loaded, which tells all of it again (and that is kept apart), else there is a new one, and it is
said that the old one is lost. A mode or a model that it does not have is refused before it does
anything: who asked for it would else get another without a word.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import msgspec

from penholder.cli.agent import dialects, protocol, told
from penholder.cli.agent.dialects import DIALECTS, Agent, Session
from penholder.cli.agent.holding import Held, Holding
from penholder.cli.agent.protocol import Message
from penholder.cli.agent.requests import Requests
from penholder.cli.agent.settings import Settings
from penholder.cli.terminal.text import printable

T = TypeVar("T")


class Opening:
    """The opening of one session with an agent that was just started."""

    def __init__(
        self,
        requests: Requests,
        settings: Settings,
        session_id: str | None,
        holding: Holding,
        opened: Callable[[told.Opened, Agent], None],
        failed: Callable[[str], None],
    ) -> None:
        """`session_id` is the one to go on with. One of `opened` and `failed` is called, once."""
        self._requests = requests
        self._settings = settings
        self._before = session_id
        self._is_own = session_id != settings.session_id
        self._holding = holding
        self._opened = opened
        self._failed = failed
        self._lost: str | None = None
        self._agent = Agent(1)
        self.is_loading = False
        """Whether what comes now was told before."""

    def start(self) -> None:
        """Say the first word."""
        self._initialize(self._settings.protocol)

    def _initialize(self, offered: int) -> None:
        def answered(message: Message) -> None:
            # It should say which version it has; who refuses is asked for the first one.
            if message.error is not None and offered > 1:
                self._initialize(1)
            else:
                self._initialized(message)

        params = dialects.initialize(self._settings.version, offered)
        self._requests.ask("initialize", params, answered)

    def _initialized(self, message: Message) -> None:
        agent = self._read(message, dialects.agent_of, "initialize")
        if agent is None:
            return
        if agent.version not in DIALECTS:
            self._failed(
                f"the agent speaks version {agent.version} of the protocol, and this runner"
                f" versions 1 and {dialects.NEWEST}; another release of the agent may help"
            )
            return
        self._agent = agent
        self._go_on()

    def _go_on(self) -> None:
        """Ask for the session that there was, as the agent can, else for a new one."""
        if self._before is None:
            self._new()
        elif self._agent.can_resume:
            self._ask_for("resume", "resumed")
        elif self._agent.can_load:
            self._ask_for("load", "loaded")
        else:
            self._lost = "the agent can neither resume nor load a session"
            self._new()

    def _ask_for(self, verb: str, how: str) -> None:
        assert self._before is not None  # asked for by its id
        try:
            self._holding.take(self._settings.launcher, self._before)
        except OSError as error:
            self._failed(str(error))
            return
        except Held as error:
            self._is_held(str(error))
            return
        # Who resumes should tell nothing again; what is told all the same was told before.
        self.is_loading = True
        about = {"sessionId": self._before, **self._place()}
        self._requests.ask(f"session/{verb}", about, lambda answer: self._found(answer, how))

    def _is_held(self, why: str) -> None:
        """Leave it to whoever has it; who wanted to go on with it and nothing else is refused."""
        if self._is_own:
            self._lost = why
            self._new()
        else:
            self._failed(why)

    def _found(self, message: Message, how: str) -> None:
        self.is_loading = False
        if message.error is None:
            self._open(message, how)
        elif how == "resumed" and self._agent.can_load:
            self._ask_for("load", "loaded")
        else:
            self._lost = f"the agent did not find it: {message.error}"
            self._new()

    def _new(self) -> None:
        self._requests.ask("session/new", self._place(), lambda answer: self._open(answer, "new"))

    def _place(self) -> dict[str, object]:
        return {"cwd": self._settings.cwd, "mcpServers": []}

    def _open(self, message: Message, how: str) -> None:
        if message.error is not None and message.error.code == protocol.AUTH_REQUIRED:
            self._failed(self._how_to_log_in())
            return
        # Resumed and loaded sessions may be answered with nothing at all.
        if bytes(message.result) == b"null":
            message.result = msgspec.Raw(b"{}")
        session = self._read(message, DIALECTS[self._agent.version].session, "a session")
        if session is None:
            return
        session_id = session.session_id if how == "new" else self._before
        if not session_id:
            self._failed("the agent opened a session without an id")
            return
        # Some agents number their sessions anew in each process: a new one is nobody else's.
        with suppress(Held, OSError):
            self._holding.take(self._settings.launcher, session_id)
        self._set_mode(session_id, session, how)

    def _how_to_log_in(self) -> str:
        ways = [printable(each) for each in self._agent.log_in]
        return "the agent wants you to log in first, which its own program does" + (
            f"; it offers: {', '.join(ways)}" if ways else ""
        )

    def _set_mode(self, session_id: str, session: Session, how: str) -> None:
        def go_on() -> None:
            self._set_model(session_id, session, how)

        wanted, offered = self._settings.mode, session.modes
        if wanted is None:
            go_on()
        elif wanted in offered:
            about: dict[str, object] = {"sessionId": session_id, "modeId": wanted}
            self._set("session/set_mode", about, f"mode {wanted!r}", go_on)
        else:
            self._set_option("mode", wanted, session_id, session, go_on, offered)

    def _set_model(self, session_id: str, session: Session, how: str) -> None:
        def go_on() -> None:
            self._opened(self._told(session_id, how), self._agent)

        wanted = self._settings.model
        if wanted is None:
            go_on()
        else:
            self._set_option("model", wanted, session_id, session, go_on, [])

    def _set_option(
        self,
        category: str,
        wanted: str,
        session_id: str,
        session: Session,
        go_on: Callable[[], None],
        offered: list[str],
    ) -> None:
        for option in session.options:
            if option.category != category:
                continue
            offered = [*offered, *option.values]
            if wanted in option.values:
                dialect = DIALECTS[self._agent.version]
                about = dialect.setting(session_id, option.id, wanted)
                self._set("session/set_config_option", about, f"{category} {wanted!r}", go_on)
                return
        has = f"it offers: {', '.join(map(printable, offered))}" if offered else "it offers none"
        self._failed(f"the agent has no {category} {printable(wanted)!r}; {has}")

    def _set(
        self, method: str, about: dict[str, object], what: str, go_on: Callable[[], None]
    ) -> None:
        def answered(message: Message) -> None:
            if message.error is None:
                go_on()
            else:
                self._failed(f"the agent refuses {what}: {message.error}")

        self._requests.ask(method, about, answered)

    def _told(self, session_id: str, how: str) -> told.Opened:
        agent = self._agent
        return told.Opened(
            session_id=session_id,
            how=how,
            lost=self._lost,
            agent=agent.name,
            version=agent.release,
            protocol=agent.version,
            can_resume=agent.can_resume,
            can_load=agent.can_load,
            can_steer=agent.steering is not None,
        )

    def _read(self, message: Message, read: Callable[[msgspec.Raw], T], what: str) -> T | None:
        if message.error is not None:
            self._failed(f"the agent refuses {what}: {message.error}")
            return None
        try:
            return read(message.result)
        except msgspec.MsgspecError as error:
            self._failed(f"the agent answers {what} oddly: {error}")
            return None
