"""What the generated rooms need of a client: somebody who sends a call and decodes the answer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar

from msgspec import Raw
from msgspec.json import Decoder

if TYPE_CHECKING:
    from penholder._awaited.loop import Loop

T = TypeVar("T")
JsonObject: TypeAlias = Mapping[str, object] | Raw
"""A JSON object in params; `Raw` as it stands in records may be handed on undecoded."""


class Caller(ABC):
    """A client whose calls block."""

    @abstractmethod
    def ask(
        self,
        method: str,
        params: Mapping[str, object],
        decoder: Decoder[T],
        timeout_s: float | None = None,
    ) -> T:
        """Call a method; params that are UNSET are left to the daemon's defaults."""

    @abstractmethod
    def beside(self) -> "Caller":
        """Return another client of the same socket, with a connection of its own."""

    @abstractmethod
    def close(self) -> None:
        """Close for good, from any thread; calls that are under way fail at once."""

    def __enter__(self) -> Self:
        """Use until the block ends."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


class AsyncCaller(ABC):
    """A client whose calls are awaited."""

    @abstractmethod
    async def ask(self, method: str, params: Mapping[str, object], decoder: Decoder[T]) -> T:
        """Call a method; params that are UNSET are left to the daemon's defaults."""

    @property
    @abstractmethod
    def loop(self) -> "Loop":
        """What runs this client; raises RuntimeError before it is entered."""
