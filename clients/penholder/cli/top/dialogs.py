"""What lies over the panes: a text to read, a question before an act, a line to write."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from penholder.cli.terminal import cells
from penholder.cli.top.drawing.rows import Row, padded, row, text_row, title
from penholder.cli.top.model.text import clean
from penholder.cli.top.panes import Rows

_OVER_ALL = "background: ansi_default;"


class Reading(ModalScreen[str]):
    """Rows to be read, over all lines; ends with the key that was pressed, if that means something.

    What is to be drawn is asked anew for each width.
    """

    CSS = f"Reading {{ {_OVER_ALL} }}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll(1)"),
        Binding("up,k", "scroll(-1)"),
        Binding("pagedown,space,ctrl+d", "scroll(10)"),
        Binding("pageup,ctrl+u", "scroll(-10)"),
        Binding("home,g", "scroll(-10000)"),
        Binding("end,G", "scroll(10000)"),
        Binding("escape,q,enter,question_mark,f1,ctrl+c", "leave('')"),
    ]

    def __init__(
        self, heading: str, draw: Callable[[int], Sequence[Row]], colours: bool, keys: str = ""
    ) -> None:
        """Show what `draw` makes of a width; `keys` end it and are answered."""
        super().__init__()
        self._heading = heading
        self._draw = draw
        self._colours = colours
        self._keys = keys
        self._top = 0

    def compose(self) -> ComposeResult:
        """Make the one widget."""
        yield Rows("reading", self._colours)

    def on_mount(self) -> None:
        """Draw."""
        self.show()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.show()

    def on_key(self, event: events.Key) -> None:
        """End with a key that means something to whoever asked."""
        if event.character is not None and event.character in self._keys:
            event.stop()
            _ = self.dismiss(event.character)  # awaited here it would wait for itself

    def action_leave(self, key: str) -> None:
        """End."""
        _ = self.dismiss(key)  # awaited here it would wait for itself

    def action_scroll(self, by: int) -> None:
        """Show other rows."""
        self._top += by
        self.show()

    def show(self) -> None:
        """Draw what fits."""
        width, height = self.size
        rows = list(self._draw(width))
        room = max(1, height - 2)
        self._top = max(0, min(self._top, len(rows) - room))
        below = len(rows) - self._top - room
        more = f"{below} lines below" if below > 0 else ""
        end = text_row("  ".join(filter(None, ("↑ ↓ PgUp PgDn  Esc back", more))), width, "dim")
        shown = padded(rows[self._top :], width, room)
        widget = self.query_one(Rows)
        widget.show([title(self._heading, more, width, is_focused=True), *shown, end])


class Confirming(ModalScreen[bool]):
    """Asks before it hurts, and shows the commands that will be run."""

    CSS = "Confirming { align: left bottom; background: transparent; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "end(True)"),
        Binding("n,escape,q,ctrl+c", "end(False)"),
    ]

    def __init__(self, what: str, commands: Sequence[str], colours: bool) -> None:
        """Ask whether these commands are to be run."""
        super().__init__()
        self._what = what
        self._commands = commands
        self._colours = colours

    def compose(self) -> ComposeResult:
        """Make the one widget."""
        yield Rows("confirming", self._colours)

    def on_mount(self) -> None:
        """Draw."""
        self.show()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.show()

    def action_end(self, answer: bool) -> None:
        """End with the answer."""
        _ = self.dismiss(answer)  # awaited here it would wait for itself

    def show(self) -> None:
        """Draw what is asked; of many commands the first ones."""
        width, height = self.size
        lines: list[str] = []
        for command in self._commands:
            lines += [f"  {line}" for line in cells.wrap(clean(command), max(10, width - 2))]
        room = max(1, height - 3)
        if len(lines) > room:
            lines = [*lines[: room - 1], f"  … and {len(lines) - room + 1} lines more"]
        rows = [title(self._what, "", width, is_focused=True)]
        rows += [text_row(line, width, "bold") for line in lines]
        keys = [(" y ", "chosen"), (" do it   ", ""), (" n ", "chosen"), (" leave it (Esc)", "")]
        self.query_one(Rows).show([*rows, row(keys, width)])


class Writing(ModalScreen[str | None]):
    """A line to be written: a filter, a note, a text; ends with it, or with None."""

    CSS = """
    Writing { align: left bottom; background: transparent; }
    Writing Input { border: none; height: 1; padding: 0; background: ansi_default; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "give_up", priority=True),
        Binding("tab", "switch", priority=True),
    ]

    def __init__(
        self,
        what: Callable[[], str],
        value: str,
        colours: bool,
        changed: Callable[[str], None] | None = None,
        switch: Callable[[], None] | None = None,
    ) -> None:
        """Ask for a line; `changed` hears of every letter, `switch` of Tab."""
        super().__init__()
        self._what = what
        self._value = value
        self._colours = colours
        self._changed = changed
        self._switch = switch

    def compose(self) -> ComposeResult:
        """Make the heading and the line."""
        yield Rows("writing", self._colours)
        # Nothing in it is chosen at first: a key that is pressed early must not replace all of it.
        yield Input(self._value, select_on_focus=False, max_length=4_000)

    def on_mount(self) -> None:
        """Draw."""
        self.show()
        self.query_one(Input).focus()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.show()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell of what is written so far."""
        if self._changed is not None:
            self._changed(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """End with what was written."""
        _ = self.dismiss(event.value)  # awaited here it would wait for itself

    def action_give_up(self) -> None:
        """End with nothing."""
        _ = self.dismiss(None)  # awaited here it would wait for itself

    def action_switch(self) -> None:
        """Do what Tab is for here."""
        if self._switch is not None:
            self._switch()
            self.show()

    def show(self) -> None:
        """Draw the heading."""
        self.query_one(Rows).show([title(self._what(), "", self.size.width, is_focused=True)])
