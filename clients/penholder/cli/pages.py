"""Lists that come page by page, read to their end: the one place that follows a cursor."""

from collections.abc import Iterator, Mapping
from typing import Generic, Protocol, TypeVar

import msgspec

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_PAGE = 1_000


class _Page(msgspec.Struct, Generic[T]):
    items: list[T]
    next: str | None = None


class Call(Protocol):
    """Calls a method by name and reads its result, as `Client.call` does."""

    def __call__(self, method: str, params: Mapping[str, object], result_type: type[T], /) -> T:
        """Return the result."""


def items(
    call: Call,
    method: str,
    params: Mapping[str, object],
    kind: type[T],
    most: int | None = None,
) -> Iterator[T]:
    """Yield what a method lists, or so many of it; a page is asked for when the last one is used.

    Params that are None are left out.
    """
    asked = {name: value for name, value in params.items() if value is not None}
    asked["limit"] = _PAGE if most is None else min(_PAGE, most)
    left = most
    while True:
        page = call(method, asked, _Page[kind])  # type: ignore[valid-type]  # as it is given
        yield from page.items if left is None else page.items[:left]
        if left is not None:
            left -= len(page.items)
        if page.next is None or (left is not None and left <= 0):
            return
        asked["cursor"] = page.next
