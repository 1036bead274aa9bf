"""Requests to the agent, each with what is done with its answer; for one start of it."""

from collections.abc import Callable

from penholder.cli.agent.protocol import Message
from penholder.cli.agent.speaker import Speaker

Answered = Callable[[Message], None]


class Requests:
    """What was asked of one agent's process and is not answered yet."""

    def __init__(self, speaker: Speaker) -> None:
        """Take the way to it."""
        self._speaker = speaker
        self._last = 0
        self._open: dict[int, Answered] = {}

    def ask(self, method: str, params: dict[str, object], answered: Answered) -> None:
        """Ask for something."""
        self._last += 1
        self._open[self._last] = answered
        self._speaker.say(id=self._last, method=method, params=params)

    def notify(self, method: str, params: dict[str, object]) -> None:
        """Tell it something."""
        self._speaker.say(method=method, params=params)

    def answer(self, request_id: object, result: object) -> None:
        """Answer what it asked."""
        self._speaker.say(id=request_id, result=result)

    def refuse(self, request_id: object, code: int, why: str) -> None:
        """Refuse what it asked."""
        self._speaker.say(id=request_id, error={"code": code, "message": why})

    def take(self, message: Message) -> bool:
        """Take an answer; False where nobody asked for it, or it was answered before."""
        if not isinstance(message.id, int):
            return False
        answered = self._open.pop(message.id, None)
        if answered is None:
            return False
        answered(message)
        return True

    def close(self) -> None:
        """Expect nothing more, and say nothing more."""
        self._open.clear()
        self._speaker.close()
