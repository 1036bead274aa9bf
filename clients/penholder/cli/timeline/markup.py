"""Elements of SVG and HTML, out of texts that anybody may have written.

All text goes through `text`, and nothing else makes `Markup`. Control characters, halves of
surrogate pairs and marks that turn the direction of writing become visible escapes: some may not
stand in XML at all, some would make a line look like another one. Then `&`, `<`, `>` and both
quotes are escaped, so that no text ends an element or an attribute.
"""

from collections.abc import Iterable
from html import escape
from typing import NewType

from penholder.cli.terminal.text import printable

Markup = NewType("Markup", str)


def text(*lines: str) -> Markup:
    """Write lines as text."""
    return Markup(escape("\n".join(map(printable, lines)), quote=True))


def element(tag: str, *children: Markup, **attributes: object) -> Markup:
    """Write an element; `class_` and `stroke_width` are the attributes class and stroke-width."""
    written = "".join(
        f' {name.strip("_").replace("_", "-")}="{text(str(value))}"'
        for name, value in attributes.items()
    )
    inner = "".join(children)
    return Markup(f"<{tag}{written}>{inner}</{tag}>")


def joined(parts: Iterable[Markup]) -> Markup:
    """Write one after the other, a line each: who reads the file may like to."""
    return Markup("\n".join(parts))


def about(lines: Iterable[str]) -> Markup:
    """Write what is told of an element when a pointer rests on it."""
    return element("title", text(*lines))
