"""What is done to workers and questions: from the key, over the question before it, to the end.

Whatever is meant is settled when the key is pressed, by ids; what moves on the screen meanwhile
changes nothing. Acts are carried out one after the other in a thread, and the screen goes on.
"""

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Thread
from typing import TypeVar

from textual.app import App
from textual.screen import Screen

from penholder.cli.top.carrying import Failed, carry_out
from penholder.cli.top.dialogs import Confirming, Writing
from penholder.cli.top.model import acts, answers, listing
from penholder.cli.top.model.acts import HURTING, Act, Host
from penholder.cli.top.model.answers import Answer, Refused
from penholder.cli.top.model.desk import Desk
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.records import Key, Question
from penholder.cli.top.model.worker import Worker
from penholder.cli.workers import hearing

Carry = Callable[[Act, Mapping[str, str]], str]
T = TypeVar("T")


class Doing(App[None]):
    """The keys that act; what is shown and chosen is the business of the class below."""

    fleet: Fleet
    desk: Desk
    colours: bool

    def __init__(
        self,
        hosts: Sequence[Host],
        environment: Mapping[str, str],
        carry: Carry = carry_out,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the hosts; commands that are run get that environment."""
        # Colours are the terminal's own; which, if any, says the theme.
        super().__init__(ansi_color=True)
        self.hosts = {host.name: host for host in hosts}
        self.environment = environment
        self.clock = clock
        self.last_act = ""
        self._carry = carry
        self._under_way: set[Key] = set()

    def over(self, dialog: Screen[T], then: Callable[[T | None], None] | None = None) -> None:
        """Put a dialog over the panes; `then` gets what it ends with."""
        _ = self.push_screen(dialog, then)  # awaited here it would wait for itself

    @abstractmethod
    def say(self, text: str, is_wrong: bool = False) -> None:
        """Tell something in the line of messages."""

    def action_answer(self, word: answers.Word) -> None:
        """Approve or deny what is chosen, or all that is marked."""
        self._answer(lambda question: answers.by_key(question, word, self.desk.note))

    def action_option(self, number: int) -> None:
        """Answer with an option."""
        self._answer(lambda question: answers.by_number(question, number, self.desk.note))

    def action_note(self) -> None:
        """Write a note for the next answer."""

        def written(note: str | None) -> None:
            if note is not None:
                self.desk.note = note or None
                self.say("a, d or a number answers with the note; Esc drops it" if note else "")

        heading = "a note for the next answer (Enter keeps it, Esc leaves it)"
        self.over(Writing(lambda: heading, self.desk.note or "", self.colours), written)

    def action_send(self) -> None:
        """Write a text and send it to the worker."""
        worker = self._chosen_worker()
        if worker is None:
            return
        host = self.hosts[worker.key.host]

        def written(text: str | None) -> None:
            if text is None:
                return
            try:
                self._do([acts.sending(host, worker, self.fleet.workers.values(), text)])
            except Refused as error:
                self.say(str(error), is_wrong=True)

        heading = f"send {worker.label[:40]} a text (Enter sends it, Esc leaves it)"
        self.over(Writing(lambda: heading, "", self.colours), written)

    def action_act(self, word: str) -> None:
        """Stop, kill or restart what is chosen, or all that is marked, after a question."""
        chosen = self._chosen_workers()
        if not chosen:
            return
        known = list(self.fleet.workers.values())
        planned = [
            acts.on_workers(word, host, [each for each in chosen if each.key.host == name], known)
            for name, host in self.hosts.items()
            if any(each.key.host == name for each in chosen)
        ]
        count = f"{len(chosen)} workers" if len(chosen) > 1 else "this worker"
        assert word in HURTING
        self._confirm(f"{word} {count}?", planned)

    def _chosen_worker(self) -> Worker | None:
        worker = None if self.desk.worker is None else self.fleet.workers.get(self.desk.worker)
        if worker is None:
            self.say("no worker is chosen", is_wrong=True)
        return worker

    def _chosen_workers(self) -> list[Worker]:
        if self._is_unsteady():
            return []
        if self.desk.marked_workers:
            return [
                each for each in self.fleet.workers.values() if each.key in self.desk.marked_workers
            ]
        worker = self._chosen_worker()
        return [] if worker is None else [worker]

    def _answer(self, choose: Callable[[Question], Answer]) -> None:
        if self._is_unsteady():
            return
        try:
            meant = self._meant()
            planned = [
                acts.answering(self.hosts[key.host], choose(question)) for key, question in meant
            ]
        except Refused as error:
            self.say(str(error), is_wrong=True)
            return
        lasting = [each for each in planned if each.answer is not None and each.answer.is_lasting]
        if lasting:
            self._confirm("this answers for always; do it?", planned)
        elif len(planned) > 1:
            self._confirm(f"answer {len(planned)} questions?", planned)
        else:
            self._do(planned)

    def _meant(self) -> list[tuple[Key, Question]]:
        """Return the questions that a key answers; raises Refused where that is none."""
        asked = self.fleet.questions
        pending = {key: each for key, each in asked.items() if self.fleet.is_heard(key)}
        if self.desk.focus == "inbox":
            marked = [
                (key, each) for key, each in pending.items() if key in self.desk.marked_questions
            ]
            if marked:
                return self._new(marked)
            key = self.desk.question
            if key is None:
                raise Refused("there is no question to answer")
            if key in asked and key not in pending:
                raise Refused(f"{hearing.NOBODY_WAITS}: who asked has ended")
            if (outcome := listing.outcome(self.fleet, key)) is not None:
                raise Refused(f"that question is {outcome} already")
            return self._new([(key, pending[key])])
        own = [
            (key, each)
            for key, each in pending.items()
            if self.desk.worker == Key(key.host, each.worker_id)
        ]
        if len(own) != 1:
            what = "asks nothing" if not own else f"asks {len(own)} things"
            raise Refused(f"this worker {what}; Tab goes to the inbox")
        return self._new(own)

    def _new(self, meant: list[tuple[Key, Question]]) -> list[tuple[Key, Question]]:
        found = [(key, each) for key, each in meant if key not in self._under_way]
        if not found:
            raise Refused("that answer is on its way")
        return found

    def _is_unsteady(self) -> bool:
        """Refuse a key that was meant for what was chosen a moment ago."""
        if self.desk.is_steady(self.clock()):
            return False
        self.say("the choice has just moved: look, and press again", is_wrong=True)
        return True

    def _confirm(self, what: str, planned: Sequence[Act]) -> None:
        def answered(answer: bool | None) -> None:
            if answer:
                self._do(planned)
            else:
                self.say("left as it is")

        shown = [act.shown for act in planned]
        self.over(Confirming(what, shown, self.colours), answered)

    def _do(self, planned: Sequence[Act]) -> None:
        self._under_way |= {key for act in planned if (key := _question(act)) is not None}
        self.desk.note = None
        self.last_act = "\n".join(act.shown for act in planned)
        self.say(f"$ {planned[0].shown}")
        Thread(target=partial(self._carry_out, planned), daemon=True).start()

    def _carry_out(self, planned: Sequence[Act]) -> None:
        for act in planned:
            try:
                said, is_wrong = self._carry(act, self.environment), False
            except Failed as error:
                said, is_wrong = str(error), True
            try:
                self.call_from_thread(self._done, act, said, is_wrong)
            except RuntimeError:
                return  # the person has quit meanwhile: the rest is left as it is

    def _done(self, act: Act, said: str, is_wrong: bool) -> None:
        key = _question(act)
        if key is not None:
            self._under_way.discard(key)
            if not is_wrong:
                self.desk.leave_answered(self.fleet, key, self.clock())
        # A failure first: a line may not hold both.
        self.say(f"{said}  ($ {act.shown})" if is_wrong else f"$ {act.shown}  {said}", is_wrong)


def _question(act: Act) -> Key | None:
    return None if act.answer is None else Key(act.host.name, act.answer.question.request_id)
