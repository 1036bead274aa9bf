"""`penholder approve`, `deny` and `answer`: the one answer of a question.

What says yes or no once is looked for by what the asker says of its options. An option that decides
for all times to come is never taken by a word that only says yes: it has to be named.

An answer that nobody would hear is not given: who gave it would take it for done.
"""

from collections.abc import Sequence

from penholder.blocking import Client
from penholder.cli.terminal import output
from penholder.cli.terminal.failures import UNHEARD, Failure, Usage
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.text import printable
from penholder.cli.words import frame
from penholder.cli.workers import fates, hearing, questions
from penholder_protocol.errors import ApprovalNotPending, StaleState
from penholder_protocol.nouns import Approval, Option

_WHAT = "WHAT: the id of a question, the end of one, or the NAME of a worker that asks just one"


def approve(words: Sequence[str]) -> int:
    """Carry out `penholder approve words…`; returns the exit code."""
    return _decide("approve", "Answer a question with yes, this once.", words, questions.allowing)


def deny(words: Sequence[str]) -> int:
    """Carry out `penholder deny words…`; returns the exit code."""
    return _decide("deny", "Answer a question with no, this once.", words, questions.denying)


def answer(words: Sequence[str]) -> int:
    """Carry out `penholder answer words…`; returns the exit code."""
    return _decide("answer", "Answer a question with one of its options.", words, None)


def _decide(word: str, summary: str, words: Sequence[str], pick: questions.Pick | None) -> int:
    option, taken = ("", "") if pick else (" OPTION", " allow")
    examples = [
        f"penholder {word} make-1{taken}",
        f"penholder {word} 3f9c{taken} --note 'after the backup'",
    ]
    parser = frame.parser(word, f"WHAT{option} [--note TEXT]", summary, examples, f"{_WHAT}.")
    parser.add_argument("what", metavar="WHAT", help="which question")
    if pick is None:
        parser.add_argument("option", metavar="OPTION", help="its id, alias or label")
    parser.add_argument("--note", metavar="TEXT", help="what the worker is told with it")
    frame.add_controller(parser)
    found, options = frame.read(parser, words, records=True, fence=True)
    with frame.connected(options) as client:
        controller_id = frame.controller_of(client, found.controller)
        question = questions.resolve(client, found.what, controller_id)
        if question.state != "pending":  # before its options: naming one of them would not help
            raise fates.has_ended(client, question)
        chosen = pick(question.options) if pick else questions.named(question.options, found.option)
        if chosen is None:
            raise Usage(_no_option(question, word if pick else f"{found.option!r}"))
        decided = _answer(client, question, chosen, found.note, options)
    _tell(decided, chosen, output.format_of(options, output.TABLE))
    return 0


def _answer(
    client: Client, question: Approval, chosen: Option, note: str | None, options: Options
) -> Approval:
    """Give the answer; refuse where it would be given to nobody, or somebody gave one before."""
    worker = client.worker.get(worker_id=question.worker_id)
    if question.state == "pending" and not hearing.is_heard(question, worker):
        raise _unheard(question, f"{printable(worker.label)} is {worker.state}")
    with frame.fence_beside(client, options, {"worker_id": question.worker_id}) as fence:
        try:
            return client.approval.decide(
                request_id=question.request_id,
                option=chosen.id,
                note=note,
                runtime_epoch=question.runtime_epoch,
                fence=fence,
            )
        except StaleState:
            why = f"another process has the seat of {printable(worker.label)}"
            raise _unheard(question, why) from None
        except ApprovalNotPending:
            ended = client.approval.get(request_id=question.request_id)
            raise fates.has_ended(client, ended) from None


def _unheard(question: Approval, why: str) -> Failure:
    return Failure(
        f"question {question.request_id} was not answered: {hearing.NOBODY_WAITS}, since {why};"
        f" penholder approval cancel --request-id {question.request_id} takes it out of the inbox",
        UNHEARD,
    )


def _no_option(question: Approval, word: str) -> str:
    offered = ", ".join(printable(questions.described(each)) for each in question.options)
    return (
        f"question {question.request_id} has no option for {printable(word)}; it has: {offered}."
        f" penholder answer {question.request_id} OPTION takes one"
    )


def _tell(decided: Approval, chosen: Option, format_: str) -> None:
    if format_ == output.TABLE:
        print(f"{decided.request_id} {printable(questions.described(chosen))}")
    else:
        frame.print_for_programs([decided], format_)
