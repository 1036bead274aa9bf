"""Text as `man` reads it (man(7) of groff and mandoc)."""

from collections.abc import Iterable


def escaped(text: str) -> str:
    """Write a line so that nothing in it is a request or an escape."""
    line = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line.startswith((".", "'")) else line


def header(name: str, version: str, summary: str) -> list[str]:
    """Return the begin of a page."""
    quoted = summary.replace('"', "'")
    return [
        f'.TH "{name.upper()}" "1" "" "penholder {version}" "Penholder"',
        ".SH NAME",
        escaped(f"{name} - {quoted}"),
    ]


def section(title: str, lines: Iterable[str]) -> list[str]:
    """Return a section."""
    return [f".SH {title.upper()}", *lines]


def prose(text: str) -> list[str]:
    """Return paragraphs; lines that begin with spaces are shown as they are."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        lines += [".PP", *_paragraph(paragraph)]
    return lines


def _paragraph(text: str) -> Iterable[str]:
    shows = False
    for line in text.splitlines():
        if line.startswith(" ") != shows:
            shows = not shows
            yield from [".RS 4", ".nf"] if shows else [".fi", ".RE"]
        yield escaped(line.strip())
    if shows:
        yield from [".fi", ".RE"]


def item(name: str, text: str) -> list[str]:
    """Return a name with what it means."""
    return [".TP", f"\\fB{escaped(name)}\\fR", escaped(" ".join(text.split()) or name)]
