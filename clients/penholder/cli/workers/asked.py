"""What a worker asks, told to who sits there and waits for it.

Its question waits in the inbox. Who runs the command in the foreground, follows it or waits for its
end takes it for slow, and waits for what waits for them.
"""

from collections.abc import Callable

from penholder.blocking import Client
from penholder.cli import pages
from penholder.cli.terminal.text import printable
from penholder.cli.workers import questions
from penholder_protocol.errors import ApprovalNotFound
from penholder_protocol.nouns import Approval, Worker

REQUESTED = "approval.requested"
"""The entry of the controller's stream that tells of one."""
_MAX_CHARACTERS = 1_000
"""Of a question in a message; `penholder inbox` shows all of it."""


class Asked:
    """The questions of one worker: each is told once, also where its entry comes again."""

    def __init__(self, client: Client, worker: Worker, tell: Callable[[str], None]) -> None:
        """`tell` says a line to who sits here."""
        self._client = client
        self._worker = worker
        self._tell = tell
        self._told: set[str] = set()

    def hear(self, request_id: str) -> None:
        """Take that something is asked."""
        about = {"worker_id": self._worker.worker_id, "request_id": request_id}
        try:
            question = self._client.call("approval.get", about, Approval)
        except ApprovalNotFound:
            return  # removed meanwhile, with its worker
        self._show(question)

    def look(self) -> None:
        """Look what is asked, where it may have been told before it could be heard."""
        about = {"worker_id": self._worker.worker_id}
        for question in pages.items(self._client.call, "approval.list", about, Approval):
            self._show(question)

    def _show(self, question: Approval) -> None:
        if question.state == "pending" and question.request_id not in self._told:
            self._told.add(question.request_id)
            self._tell(line(question, self._worker.label))


def line(question: Approval, label: str) -> str:
    """Return what is said of a question: who asks what, and how it is answered."""
    text = printable(question.message)
    if len(text) > _MAX_CHARACTERS:
        text = f"{text[:_MAX_CHARACTERS]}…"
    offered = ", ".join(printable(questions.described(each)) for each in question.options)
    return (
        f"{printable(label)} asks: {text} [{offered}]"
        f" (in another terminal: penholder answer {question.request_id} OPTION)"
    )
