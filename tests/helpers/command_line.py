"""The command line as a function of its words, in the process of the test."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from tests.helpers.records import Json


@dataclass(frozen=True)
class Ran:
    """What one run of the command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        """Read stdout as one JSON object."""
        return msgspec.json.decode(self.out, type=Json)

    @property
    def records(self) -> list[Json]:
        """Read stdout as a JSON list."""
        return msgspec.json.decode(self.out, type=list[Json])

    @property
    def error(self) -> Json:
        """Read stderr as the JSON error object."""
        return msgspec.json.decode(self.err, type=dict[str, Json])["error"]


Cli = Callable[..., Ran]
