"""What a runner of an agent is told beside the command: how to talk with it."""

import msgspec

from penholder.cli.agent.worktrees import Place
from penholder.cli.terminal.configuration import Answer

GO_ON = (
    "The program that runs you was interrupted and has started you again. Go on with what you were"
    " doing. Ask again for any permission that you were waiting for."
)


class Settings(msgspec.Struct):
    """As JSON on its way through the keeper."""

    launcher: str
    cwd: str
    version: str
    sessions_dir: str
    """Where files are that keep a session to one runner."""
    place: Place | None = None
    """Where in git it begins."""
    protocol: int = 2
    """The newest version of the protocol that is offered."""
    model: str | None = None
    mode: str | None = None
    answers: dict[str, Answer] = {}
    since_pos: int = 0
    """Where in the journal its worker's stream begins, or before."""
    session_id: str | None = None
    """A session to go on with."""
    answer_within_s: float | None = None
    turn_within_s: float | None = None
    open_within_s: float = 60.0
    """What an agent gets from its start to an open session."""
    cancel_grace_s: float = 10.0
    """What it gets to end a turn that was canceled; then its process is ended."""
    leave_grace_s: float = 2.0
    """The same, where all of it is to end."""
    ask_again_s: float = 60.0
    """After a turn was gone on with: what is not asked again by then is not asked any more."""
