"""What the generated rooms need of a client: somebody who sends a call and decodes the answer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TypeAlias, TypeVar

from msgspec import Raw
from msgspec.json import Decoder

T = TypeVar("T")
JsonObject: TypeAlias = Mapping[str, object] | Raw
"""A JSON object in params; `Raw` as it stands in records may be handed on undecoded."""


class Caller(ABC):
    """A client whose calls block."""

    @abstractmethod
    def ask(self, method: str, params: Mapping[str, object], decoder: Decoder[T]) -> T:
        """Call a method; params that are UNSET are left to the daemon's defaults."""


class AsyncCaller(ABC):
    """A client whose calls are awaited."""

    @abstractmethod
    async def ask(self, method: str, params: Mapping[str, object], decoder: Decoder[T]) -> T:
        """Call a method; params that are UNSET are left to the daemon's defaults."""
