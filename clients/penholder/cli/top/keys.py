"""The keys: one list, of which the bindings, the help and the page in docs are made."""

from typing import NamedTuple


class Key(NamedTuple):
    """What a key does; `names` are Textual's, `shown` is how people write them."""

    names: str
    action: str
    shown: str
    what: str


KEYS = (
    Key("tab", "pane(1)", "Tab", "next pane: inbox, workers, what is shown of the worker"),
    Key("shift+tab", "pane(-1)", "Shift+Tab", "the pane before"),
    Key("down,j", "move(1)", "↓ j", "next row"),
    Key("up,k", "move(-1)", "↑ k", "the row before"),
    Key("pagedown,ctrl+d", "page(1)", "PgDn Ctrl+D", "a page down"),
    Key("pageup,ctrl+u", "page(-1)", "PgUp Ctrl+U", "a page up"),
    Key("home,g", "end(-1)", "Home g", "the first row"),
    Key("end,G", "end(1)", "End G", "the last row; the stream is followed again"),
    Key("enter", "open", "Enter", "a question in whole; of a worker the stream, over all lines"),
    Key("a", "answer('approve')", "a", "approve: once, never for always"),
    Key("d", "answer('deny')", "d", "deny: once, never for always"),
    *(
        Key(str(number), f"option({number})", str(number), f"answer with option {number}")
        for number in range(1, 10)
    ),
    Key("n", "note", "n", "write a note that goes with the next answer"),
    Key("s", "send", "s", "send the worker a text"),
    Key("x", "act('stop')", "x", "stop the workers, after a question"),
    Key("K", "act('kill')", "K", "kill the workers, after a question"),
    Key("R", "act('restart')", "R", "restart the workers, after a question"),
    Key("space", "mark", "Space", "mark the row, or not: acts are for all that are marked"),
    Key("asterisk", "mark_all", "*", "mark all rows of the pane"),
    Key("slash", "find", "/", "filter the pane; Tab in it searches instead"),
    Key("greater_than_sign", "hit(1)", ">", "next row that has what is looked for"),
    Key("less_than_sign", "hit(-1)", "<", "the one before"),
    Key("escape", "clear", "Esc", "take back the note, the filter, the marks, the zoom"),
    Key("t", "tab(1)", "t", "of the worker: its stream, its queue, its runs"),
    Key("w", "switch('wraps')", "w", "break long lines of the stream, or cut them"),
    Key("v", "pager", "v", "the stream in $PAGER"),
    Key("y", "copy(False)", "y", "copy ids; in the stream its lines (OSC 52)"),
    Key("Y", "copy(True)", "Y", "copy the question, the last line, or the last act's command"),
    Key("z", "switch('is_zoomed')", "z", "the pane over all lines, or all panes"),
    Key("o", "order", "o", "workers by state, last output or name"),
    Key("c", "switch('is_grouped')", "c", "group workers by controller, or not"),
    Key("e", "switch('with_ended')", "e", "show workers that have ended, or not"),
    Key("p", "pause", "p", "hold everything as it is, and go on from there"),
    Key("question_mark,f1", "help", "? F1", "this help"),
    Key("q,ctrl+c,ctrl+q", "quit", "q Ctrl+C", "quit"),
)


def help_lines() -> list[tuple[str, str]]:
    """Return all keys and what they do; number keys in one line."""
    shown = []
    for key in KEYS:
        if key.shown.isdigit():
            if key.shown == "1":
                shown.append(("1 … 9", "answer with that option"))
            continue
        shown.append((key.shown, key.what))
    return shown
