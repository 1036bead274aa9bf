"""Widgets that put rows on the screen, as they are: text is never read as markup."""

from collections.abc import Sequence

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from penholder.cli.top.drawing.rows import Row
from penholder.cli.top.model.records import Key
from penholder.cli.top.theme import style


class Rows(Widget):
    """Rows of text; whoever owns it says which."""

    DEFAULT_CSS = "Rows { height: auto; width: 100%; background: ansi_default; }"

    class Clicked(Message):
        """A row was clicked."""

        def __init__(self, name: str, key: Key | None) -> None:
            """Say in which widget, and what the row stands for."""
            super().__init__()
            self.name = name
            self.key = key

    class Scrolled(Message):
        """The wheel was turned."""

        def __init__(self, name: str, by: int) -> None:
            """Say in which widget, and how far."""
            super().__init__()
            self.name = name
            self.by = by

    def __init__(self, name: str, colours: bool) -> None:
        """Show nothing yet."""
        super().__init__(name=name, id=name)
        self._colours = colours
        self._rows: Sequence[Row] = ()

    @property
    def rows(self) -> Sequence[Row]:
        """What is shown."""
        return self._rows

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows, and take as many lines as they are."""
        if len(rows) != len(self._rows):
            self.styles.height = len(rows)
            self.display = bool(rows)
        if rows != self._rows:
            self._rows = rows
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if y >= len(self._rows):
            return Strip.blank(self.size.width)
        segments = [
            Segment(text, style(words, self._colours)) for text, words in self._rows[y].spans
        ]
        return Strip(segments).adjust_cell_length(self.size.width)

    def on_click(self, event: events.Click) -> None:
        """Tell which row it was."""
        key = self._rows[event.y].key if event.y < len(self._rows) else None
        self.post_message(self.Clicked(self.name or "", key))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go on."""
        event.stop()
        self.post_message(self.Scrolled(self.name or "", 1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go back."""
        event.stop()
        self.post_message(self.Scrolled(self.name or "", -1))
