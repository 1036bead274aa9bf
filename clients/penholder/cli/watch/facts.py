"""A fact that somebody is told: as a line, as JSON, and as variables of a program's environment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from penholder.cli.terminal.text import plain

Kind = Literal["question", "failure", "silence"]
PREFIX = "PENHOLDER_WATCH_"
WORDS: Mapping[Kind, str] = {"question": "asks", "failure": "failed", "silence": "silent"}
_LONGEST_VALUE = 32_768
"""Characters of a variable: each has at most 128 KiB, and may need four bytes a character."""


class Choice(msgspec.Struct, frozen=True):
    """An answer that a question offers."""

    id: str
    label: str | None
    kind: str | None


class Fact(msgspec.Struct, frozen=True):
    """Something to tell of a worker. Texts are as they came, from whom they came."""

    kind: Kind
    time: str
    worker_id: str
    name: str
    controller_id: str
    text: str
    """The question; how it failed; for how long it was silent."""
    request_id: str | None = None
    options: tuple[Choice, ...] = ()
    state: str | None = None
    """Of a question: `pending`, unless it was answered before it could be told."""

    def json(self) -> bytes:
        """Return it as one line of JSON."""
        return msgspec.json.encode(self)

    def line(self) -> str:
        """Return it as a line that is safe on a terminal."""
        asked = ""
        if self.request_id is not None:
            offered = ", ".join(plain(each.label or each.id) for each in self.options)
            is_over = f" ({self.state} meanwhile)" if self.state != "pending" else ""
            asked = f" [{offered}] {plain(self.request_id)}{is_over}"
        return (
            f"{self._clock()} {WORDS[self.kind]:<6} {plain(self.name)}: {plain(self.text)}{asked}"
        )

    def _clock(self) -> str:
        try:
            return f"{datetime.fromisoformat(self.time).astimezone():%H:%M:%S}"
        except ValueError:
            return plain(self.time)

    def environment(self) -> dict[str, str]:
        """Return it as variables, whose values have no control characters."""
        values = {
            "KIND": self.kind,
            "TIME": self.time,
            "WORKER_ID": self.worker_id,
            "NAME": self.name,
            "CONTROLLER_ID": self.controller_id,
            "TEXT": self.text,
            "REQUEST_ID": self.request_id or "",
            "OPTIONS": " ".join(each.id for each in self.options),
            "STATE": self.state or "",
        }
        return {f"{PREFIX}{name}": plain(value)[:_LONGEST_VALUE] for name, value in values.items()}
