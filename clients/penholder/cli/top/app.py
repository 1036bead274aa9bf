"""The program on the screen: it takes what the feed has, brings keys to the desk, and draws.

It draws at most ten times a second, however much comes, and once a second for the ages.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, Protocol

from textual import events
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.geometry import Size

from penholder.cli.top import pager
from penholder.cli.top.carrying import carry_out
from penholder.cli.top.dialogs import Reading, Writing
from penholder.cli.top.doing import Carry, Doing
from penholder.cli.top.drawing import copying, inbox, screenful
from penholder.cli.top.drawing.rows import Row, row
from penholder.cli.top.drawing.screenful import Said
from penholder.cli.top.keys import KEYS, help_lines
from penholder.cli.top.model import listing, searching
from penholder.cli.top.model.acts import Host
from penholder.cli.top.model.desk import PANES, Desk
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.listing import Finding
from penholder.cli.top.model.notices import Notice
from penholder.cli.top.model.records import Key
from penholder.cli.top.panes import Rows

_LAST_WORDS_S = 2.0
"""What it takes at most to give the terminal back to who ends it by a signal."""
DRAW_S = 0.1
AGES_S = 1.0
_REST = 4
"""How much longer than drawing takes nothing is drawn."""
MAX_COPIED_BYTES = 70_000
"""Terminals take no more by OSC 52."""
_ANSWERS = "ad123456789"
_ACTIONS = frozenset(key.action.partition("(")[0] for key in KEYS)
_SWITCHES = {
    "wraps": ("long lines are broken", "long lines are cut"),
    "is_zoomed": ("z shows all panes again", ""),
    "is_grouped": ("grouped by controller", "not grouped"),
    "with_ended": ("with those that have ended", "without those that have ended"),
}


class Source(Protocol):
    """Where notices come from: a Feed."""

    def start(self) -> None:
        """Begin to read."""

    def take(self, *, with_journal: bool = True) -> Iterator[Notice]:
        """Yield what has come since, without waiting."""

    def want(self, tail: Key | None, details: Key | None) -> None:
        """Have a worker's stream read once, and what concerns one again and again."""


class Top(Doing):
    """`penholder top`."""

    CSS = "Screen { background: ansi_default; layout: vertical; overflow: hidden; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        # Before Textual's own, of which Tab is one; a dialog over the panes has its own.
        Binding(key.names, key.action, key.what, show=False, priority=True)
        for key in KEYS
    ]

    def __init__(
        self,
        hosts: Sequence[Host],
        source: Source,
        *,
        colours: bool,
        environment: Mapping[str, str],
        carry: Carry = carry_out,
        clock: Callable[[], float] = time.time,
        desk: Desk | None = None,
    ) -> None:
        """Take the hosts and what reads them; nothing is read yet."""
        super().__init__(hosts, environment, carry, clock)
        self.fleet = Fleet(tuple(self.hosts))
        self.desk = desk or Desk()
        self.colours = colours
        self._source = source
        self._said = Said()
        self._drawn_at = float("-inf")
        self._size: Size | None = None
        self._cost_s = 0.0
        self._has_news = False
        self._panes = {name: Rows(name, colours) for name in screenful.NAMES}

    def compose(self) -> ComposeResult:
        """Make the panes, from top to bottom."""
        yield from self._panes.values()

    def on_mount(self) -> None:
        """Begin."""
        # Else who ends it from outside leaves the terminal without echo, on the other screen.
        for number in (signal.SIGTERM, signal.SIGHUP):
            end = partial(self._end_from_outside, 128 + number)
            asyncio.get_running_loop().add_signal_handler(number, end)
        self._source.start()
        self.set_interval(DRAW_S, self._tick)
        self.draw()

    def _end_from_outside(self, code: int) -> None:
        # A terminal that is gone takes nothing more, and who waits for it to do so waits for ever.
        last = threading.Timer(_LAST_WORDS_S, os._exit, (code,))
        last.daemon = True
        last.start()
        self.exit(return_code=code)

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size."""
        self._size = event.size
        self.draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys to a dialog while one is open."""
        is_open = len(self.screen_stack) > 1
        return False if is_open and action in _ACTIONS else super().check_action(action, parameters)

    def say(self, text: str, is_wrong: bool = False) -> None:
        """Tell something in the line of messages, until something else is told."""
        self._said = Said(text, is_wrong)
        self.draw()

    def _tick(self) -> None:
        came = False
        for notice in self._source.take(with_journal=not self.desk.is_paused):
            self.fleet.take(notice)
            came = True
        if came:
            # Before any key: choices are of what is known, drawn or not.
            self.desk.settle(self.fleet, self.clock())
        # What takes long to draw is drawn less often: keys must not wait for it.
        since = time.monotonic() - self._drawn_at
        self._has_news = self._has_news or came
        if (self._has_news and since >= self._cost_s * _REST) or since >= AGES_S:
            self.draw()

    def draw(self) -> None:
        """Draw what there is."""
        now = self.clock()
        self._drawn_at, self._has_news = time.monotonic(), False
        self.desk.settle(self.fleet, now)
        self._watch()
        moment = datetime.fromtimestamp(now, UTC).astimezone()
        size = self._size or self.size
        for name, rows in screenful.draw(self.fleet, self.desk, size, moment, self._said).items():
            self._panes[name].show(rows)
        self._cost_s = time.monotonic() - self._drawn_at

    def _watch(self) -> None:
        """Have read what is shown of the chosen worker."""
        tail = self.fleet.tail
        is_new = self.desk.worker is not None and (tail is None or tail.worker != self.desk.worker)
        self.fleet.watch(self.desk.worker)
        details = None if self.desk.tab == "stream" else self.desk.worker
        self._source.want(self.desk.worker if is_new else None, details)

    def on_rows_clicked(self, message: Rows.Clicked) -> None:
        """Give the pane the keys, and choose the row."""
        pane = next((each for each in PANES if each == message.name), None)
        if pane is None:
            return
        self.desk.focus = pane
        if message.key is not None and pane == "inbox":
            self.desk.choose_question(self.fleet, message.key)
        elif message.key is not None:
            self.desk.choose_worker(message.key)
        self.draw()

    def on_rows_scrolled(self, message: Rows.Scrolled) -> None:
        """Go on in the pane under the pointer."""
        pane = next((each for each in PANES if each == message.name), None)
        if pane is not None:
            self.desk.focus = pane
            self.action_move(message.by)

    def action_pane(self, by: int) -> None:
        """Go to another pane."""
        self.desk.step_focus(by)
        self.draw()

    def action_move(self, by: int) -> None:
        """Choose another row."""
        self.desk.move(self.fleet, by)
        self.draw()

    def action_page(self, by: int) -> None:
        """Go on by what the pane shows."""
        self.action_move(by * max(1, len(self._panes[self.desk.focus].rows) - 2))

    def action_end(self, by: int) -> None:
        """Go to either end."""
        self.action_move(by * 1_000_000)

    def action_tab(self, by: int) -> None:
        """Show something else of the worker."""
        self.desk.step_tab(by)
        self.draw()

    def action_mark(self) -> None:
        """Mark the row, and go on to the next."""
        self.desk.mark()
        self.action_move(1)

    def action_mark_all(self) -> None:
        """Mark all rows."""
        self.desk.mark_all(self.fleet)
        self.draw()

    def action_order(self) -> None:
        """Order the workers otherwise."""
        self.desk.step_order()
        self.say(f"workers by {self.desk.order}")

    def action_switch(self, name: str) -> None:
        """Switch something on or off."""
        is_on = not getattr(self.desk, name)
        setattr(self.desk, name, is_on)
        self.say(_SWITCHES[name][0 if is_on else 1])

    def action_pause(self) -> None:
        """Hold everything as it is, or go on."""
        self.desk.is_paused = not self.desk.is_paused
        self.say(
            "paused; what came meanwhile is shown when p goes on" if self.desk.is_paused else ""
        )

    def action_clear(self) -> None:
        """Take back the last thing that hides or marks."""
        self.say(self.desk.clear() or "")

    def action_hit(self, by: int) -> None:
        """Go to the next row that has what is looked for."""
        if searching.find_next(self.desk, self.fleet, by):
            self.draw()
        else:
            self.say("no row has that" if self.desk.finding(self.desk.focus).text else "/ finds")

    def action_find(self) -> None:
        """Write what is looked for; rows are hidden, or passed over, with every letter."""
        pane = self.desk.focus
        before = self.desk.findings.get(pane)
        # Rows are hidden where each stands for itself; of a stream the lines around matter, too.
        start = before or Finding(hides=not (pane == "detail" and self.desk.tab == "stream"))
        self.desk.findings[pane] = start

        def changed(text: str) -> None:
            self.desk.findings[pane] = Finding(text, self.desk.finding(pane).hides)
            self.draw()

        def switch() -> None:
            found = self.desk.finding(pane)
            self.desk.findings[pane] = Finding(found.text, not found.hides)
            self.draw()

        def heading() -> str:
            is_hiding = self.desk.finding(pane).hides
            what = "filter (Tab: search)" if is_hiding else "search (Tab: filter)"
            return f"{what} in {pane}; Enter keeps it, Esc leaves it"

        dialog = Writing(heading, start.text, self.colours, changed, switch)
        self.over(dialog, partial(self._found, before))

    def _found(self, before: Finding | None, text: str | None) -> None:
        pane = self.desk.focus
        if text is None and before is not None:
            self.desk.findings[pane] = before
        elif not text:
            self.desk.findings.pop(pane, None)
        elif not self.desk.finding(pane).hides:
            self.action_hit(-1)
        self.draw()

    def action_open(self) -> None:
        """Show a question in whole, or the stream over all lines."""
        key = self.desk.question
        if self.desk.focus != "inbox" or key is None:
            self.desk.focus, self.desk.is_zoomed = "detail", not self.desk.is_zoomed
            self.draw()
            return
        question = dict(self.desk.questions(self.fleet)).get(key)
        if question is None:
            return

        def draw(width: int) -> list[Row]:
            moment = datetime.fromtimestamp(self.clock(), UTC)
            return inbox.whole(self.fleet, key, question, width, moment)

        def answered(pressed: str | None) -> None:
            # Only what was read is answered: another one may be chosen by now.
            if pressed and self.desk.question == key:
                self._press(pressed)

        heading = "a approve  d deny  1-9 option  n note"
        self.over(Reading(heading, draw, self.colours, _ANSWERS + "n"), answered)

    def _press(self, key: str) -> None:
        if key == "n":
            self.action_note()
        elif key.isdigit():
            self.action_option(int(key))
        else:
            self.action_answer("approve" if key == "a" else "deny")

    def action_help(self) -> None:
        """Show all keys."""

        def draw(width: int) -> list[Row]:
            return [
                row([(f"  {shown:<12} ", "bold"), (what, "")], width)
                for shown, what in help_lines()
            ]

        self.over(Reading("keys", draw, self.colours))

    def action_copy(self, more: bool) -> None:
        """Copy by OSC 52, which works over ssh, too."""
        text = copying.text(self.fleet, self.desk, self.last_act if more else None)
        if not text:
            self.say("there is nothing to copy", is_wrong=True)
            return
        data = text.encode()[-MAX_COPIED_BYTES:]
        self.copy_to_clipboard(data.decode(errors="ignore"))
        cut = "; the last of it, terminals take no more" if len(data) < len(text.encode()) else ""
        self.say(f"copied {len(data)} bytes{cut}")

    def action_pager(self) -> None:
        """Give the terminal to the person's pager, with the stream."""
        lines = listing.lines(self.fleet, self.desk.finding("detail"))
        if not lines:
            self.say("this stream has no lines", is_wrong=True)
            return
        try:
            argv = pager.command(self.environment)
            with self.suspend():
                pager.show(copying.plain_text(lines), argv, self.environment)
        except (pager.NoPager, SuspendNotSupported) as error:
            self.say(str(error), is_wrong=True)
        self.refresh()
