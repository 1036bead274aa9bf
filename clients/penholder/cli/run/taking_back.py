"""What a command asked and will not hear the answer of: taken back, in one order with its end.

A runner gives its seat up by itself, and whoever does so keeps its questions: the next process may
look for their answers. A command that has ended looks for none, and what it asked would stay in
every inbox for ever. What was asked to be kept (`keep`) is for the next process, and stays.
"""

from contextlib import suppress

from penholder.cli.run.acts import Insist
from penholder_protocol.errors import ApprovalNotFound, ApprovalNotPending
from penholder_protocol.nouns import Approval, Page

NOTE = "the command that asked has ended"
_SIZE_BYTES = 512


class TakeBack:
    """All questions of the worker that are pending and not kept."""

    size_bytes = _SIZE_BYTES

    def carry_out(self, insist: Insist) -> None:
        """Cancel them; one that is answered meanwhile keeps its answer."""
        cursor: str | None = None
        while True:
            page = insist("approval.list", {"cursor": cursor}, Page[Approval])
            for asked in page.items:
                if not asked.keep:
                    _cancel(insist, asked)
            cursor = page.next
            if cursor is None:
                return


def _cancel(insist: Insist, asked: Approval) -> None:
    with suppress(ApprovalNotPending, ApprovalNotFound):
        insist("approval.cancel", {"request_id": asked.request_id, "note": NOTE}, Approval)
