"""Pages of lists: keyset cursors that neither skip nor repeat while rows change.

A cursor that counts (the next page begins at row 100) is wrong as soon as a row before it comes or
goes: one row is then skipped, or given twice. And SQLite would walk over those hundred rows for
every page. So a cursor is the key of the last item given, in the order of the list, and the next
page begins behind it by an index. A row that does not change while the pages are read comes exactly
once.

What is in a page is bounded in three ways, so `next` alone says whether there is more:

- by the `limit` of the call,
- by a frame (`PAGE_BYTES`): a list of large records is just a list of more pages. The first item
  always fits, since what may be stored is bounded so that it does; else a walk would never go on.
- where no index holds apart what is wanted, by what is passed over (`sift`). Reading on until a
  page is full could mean reading the whole list; such a page may be empty and still have a `next`.

Whether there is more is known by taking one item beyond the page: rows are read as they are asked
for, so that costs one row and no second query.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from penholder_protocol.errors import InvalidParams
from penholder_protocol.limits import MAX_INTEGER, MAX_SCAN_ENTRIES, PAGE_BYTES
from penholder_protocol.nouns import Page

ItemT = TypeVar("ItemT", bound=msgspec.Struct)
KeyT = TypeVar("KeyT")


def cut(
    items: Iterable[tuple[int, ItemT]], limit: int, measure: Callable[[ItemT], int] | None = None
) -> tuple[list[ItemT], int | None]:
    """Take items (each with its key) until the limit or a frame is full.

    Returns them and the key to go on after, None at the end. The first item always fits.
    """
    taken: list[ItemT] = []
    last_key: int | None = None
    room = PAGE_BYTES
    size = measure or _encoded_bytes
    for key, item in items:
        room -= size(item) + 1
        if taken and (len(taken) == limit or room < 0):
            return taken, last_key
        taken.append(item)
        last_key = key
    return taken, None


def page(items: Iterable[tuple[int, ItemT]], limit: int) -> Page[ItemT]:
    """Make a page with an opaque cursor from items that are sorted by their keys."""
    taken, after = cut(items, limit)
    return Page(items=taken, next=None if after is None else str(after))


def sift(
    places: Iterable[tuple[KeyT, bool]], load: Callable[[KeyT], ItemT], limit: int
) -> tuple[list[ItemT], KeyT | None]:
    """Take what is wanted of a list that no index holds apart, passing over so much at most.

    `places` says of each place in the list's order whether it is wanted, and `load` reads one that
    is. Returns what was found, perhaps nothing, and the place to go on after, None at the end.
    """
    taken: list[ItemT] = []
    last: KeyT | None = None
    room = PAGE_BYTES
    for passed, (place, is_wanted) in enumerate(places):
        # Before the place is judged: the next page begins with this one.
        if passed == MAX_SCAN_ENTRIES:
            return taken, last
        if is_wanted:
            item = load(place)
            room -= _encoded_bytes(item) + 1
            if taken and (len(taken) == limit or room < 0):
                return taken, last
            taken.append(item)
        last = place
    return taken, None


def sifted(
    places: Iterable[tuple[int, bool]], load: Callable[[int], ItemT], limit: int
) -> Page[ItemT]:
    """Make a page of what `sift` finds."""
    found = sift(places, load, limit)
    taken, after = found
    return Page(items=taken, next=None if after is None else str(after))


def key_of(cursor: str | None) -> int | None:
    """Read a cursor back; InvalidParams if it is not one of ours."""
    if cursor is None:
        return None
    # `isdigit` alone is true of characters that `int` refuses, and SQLite takes no larger integer.
    if not (cursor.isascii() and cursor.isdigit() and int(cursor) <= MAX_INTEGER):
        raise foreign_cursor()
    return int(cursor)


def foreign_cursor() -> InvalidParams:
    """Make the error for a cursor that no list gave."""
    return InvalidParams(
        "param `cursor` is not one that a list gave; pass `next` of the page before",
        param="cursor",
    )


def before(cursor: str | None) -> int:
    """Return the key below which a newest-first list goes on."""
    # The first page begins below a number that no row has.
    key = key_of(cursor)
    return MAX_INTEGER if key is None else key


def after(cursor: str | None, given: int = 0) -> int:
    """Return the key above which an oldest-first list goes on: the cursor goes before `given`."""
    key = key_of(cursor)
    return given if key is None else key


def _encoded_bytes(item: msgspec.Struct) -> int:
    return len(msgspec.json.encode(item))
