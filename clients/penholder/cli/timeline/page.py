"""A picture as a file: HTML that zooms and tells, or SVG alone. Nothing is fetched by either.

The page may do nothing but what is written in it: its content policy begins with `default-src
'none'` and allows one style and one script by their hashes. Both are the same for every picture,
and no text of a worker's ever gets into them. An SVG has no script at all, and tells by `title`.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from penholder.cli.timeline.clock import Clock
from penholder.cli.timeline.drawing import MARKER, alone, inline
from penholder.cli.timeline.markup import Markup, element, joined, text
from penholder.cli.timeline.picture import Picture

_BUTTONS = {
    "in": ("+", "zoom in (+, or drag over a stretch of time)"),
    "out": ("−", "zoom out (-)"),
    "left": ("◀", "earlier (arrow left)"),
    "right": ("▶", "later (arrow right)"),
    "all": ("all", "show all of it (0, or double-click)"),
}


def html(picture: Picture) -> str:
    """Write a page that needs nothing else."""
    style, script = _part("picture.css") + _part("page.css"), _part("page.js")
    head = [
        Markup('<meta charset="utf-8">'),
        Markup(
            '<meta http-equiv="Content-Security-Policy"'
            f" content=\"default-src 'none'; style-src '{_hash(style)}';"
            f" script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'\">"
        ),
        Markup(f'<meta name="generator" content="{MARKER}">'),
        Markup('<meta name="viewport" content="width=device-width">'),
        element("title", text(_heading(picture))),
        Markup(f"<style>{style}</style>"),
    ]
    body = [
        element("h1", text(_heading(picture))),
        _controls(),
        inline(picture),
        Markup('<pre class="about" hidden></pre>'),
        Markup(f"<script>{script}</script>"),
    ]
    page = element("html", element("head", joined(head)), element("body", joined(body)), lang="en")
    return f"<!doctype html>\n{page}\n"


def svg(picture: Picture) -> str:
    """Write an image that needs nothing else."""
    image = alone(picture, Markup(_part("picture.css")))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{image}\n'


def _heading(picture: Picture) -> str:
    clock = Clock(picture.begin_ms, picture.end_ms, picture.zone)
    stretch = clock.stretch(picture.begin_ms, picture.end_ms)
    return f"Penholder: {picture.rows} workers, {stretch}, {clock.zone_name}"


def _controls() -> Markup:
    buttons = [
        element("button", text(label), type="button", data_act=act, title=told)
        for act, (label, told) in _BUTTONS.items()
    ]
    # Shown by the script: without it there is nothing that they could do.
    shown = Markup('<span class="shown"></span>')
    return Markup(f'<div class="controls" hidden>{joined([*buttons, shown])}</div>')


@cache
def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _hash(inline: str) -> str:
    return f"sha256-{b64encode(sha256(inline.encode()).digest()).decode()}"
