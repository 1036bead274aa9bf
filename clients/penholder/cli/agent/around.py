"""What the parts of a conversation need of it."""

from collections.abc import Callable
from typing import Protocol

from penholder.cli.run.acts import Act
from penholder_protocol.nouns import NewEvent


class Around(Protocol):
    """The conversation, as its parts see it."""

    def put(self, item: NewEvent | Act) -> None:
        """Say something for the worker, in its turn; never waits."""

    def wait_for(self, request_id: str) -> None:
        """Wait for an answer, beside; it comes by `decided`."""

    def locked(self, do: Callable[..., None]) -> Callable[..., None]:
        """Make of something that is done here what another thread may call."""

    @property
    def turn_id(self) -> str | None:
        """The turn that runs."""
