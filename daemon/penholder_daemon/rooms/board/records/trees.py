"""Trees of briefs, however deep: read by one query, written as JSON text without recursion.

A record that holds records cannot be encoded past the depth that recursion allows, and a chain of
briefs may be deeper than that: each is made by a call of its own, under any parent of its board,
and nothing bounds how long a chain becomes but the frame that its tree has to fit. So neither
reading nor writing recurses here. SQLite collects what belongs to the tree, level by level
(`_members`); the briefs are encoded one by one and the text is put together around them with a
stack of open arrays (`_nest`). A reader has the same problem: clients read such trees by hand.

A tree that no frame holds is refused, while it is read and not after, since there may be any number
of briefs. Nothing here guards against a circle: a brief's parent is there before it and never
changes, and what an import brings is looked at by the room's check (`briefs_hang_below_a_top`).
"""

from collections.abc import Iterable, Mapping
from typing import cast

import msgspec
from msgspec import Raw

from penholder_daemon.core.transaction import Rx
from penholder_daemon.rooms.board.records.tables import BRIEFS
from penholder_protocol.errors import TreeTooLarge
from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_INTEGER, MAX_RESULT_BYTES
from penholder_protocol.nouns import Brief, BriefTree

_encode = msgspec.json.Encoder().encode


def _members(top: str) -> str:
    """Select what hangs below the briefs of a condition, of board ?1 and ?3 levels deep."""
    # Only numbers are collected, and sorted at the end: siblings come in the order of their making.
    return (
        "number IN (WITH RECURSIVE tree (number, brief_id, level) AS ("
        f" SELECT number, brief_id, 0 FROM briefs WHERE board_id = ?1 AND {top}"
        " UNION ALL SELECT b.number, b.brief_id, tree.level + 1 FROM tree JOIN briefs b"
        " ON b.board_id = ?1 AND b.parent_brief_id = tree.brief_id WHERE tree.level < ?3"
        ") SELECT number FROM tree) ORDER BY number"
    )


# The second value is none there; it is named, since PostgreSQL must know of what type it is.
_FOREST = _members("parent_brief_id IS NULL AND CAST(?2 AS TEXT) IS NULL")
_BRANCH = _members("brief_id = ?2")


def grow(rx: Rx, board_id: str, root_brief_id: str | None, depth: int | None) -> BriefTree:
    """Read a tree and return it encoded; raises TreeTooLarge over a frame."""
    most_levels = MAX_INTEGER if depth is None else depth
    tops: list[tuple[str, bytes]] = []
    below: dict[str, list[tuple[str, bytes]]] = {}
    room = MAX_RESULT_BYTES
    members = _FOREST if root_brief_id is None else _BRANCH
    for _, brief in BRIEFS.select(rx, members, board_id, root_brief_id, most_levels):
        text = _encode(brief)
        room -= len(text)
        if room < 0:
            raise _too_large()
        # The root of a branch may have a parent, which is not part of the answer.
        is_top = brief.brief_id == root_brief_id or brief.parent_brief_id is None
        siblings = tops if is_top else below.setdefault(_parent(brief), [])
        siblings.append((brief.brief_id, text))
    tree = _nest(tops, below)
    # Once more with what was put around the briefs.
    if len(tree) > MAX_RESULT_BYTES:
        raise _too_large()
    # It is encoded already, and stays so on its way out.
    return cast(BriefTree, Raw(tree))


def _nest(
    tops: Iterable[tuple[str, bytes]], below: Mapping[str, Iterable[tuple[str, bytes]]]
) -> bytes:
    """Put briefs inside each other; one iterator for each array that is open."""
    text = bytearray(b'{"items":[')
    open_arrays = [iter(tops)]
    while open_arrays:
        found = next(open_arrays[-1], None)
        if found is None:
            open_arrays.pop()
            text += b"]}"
            continue
        brief_id, encoded = found
        if text.endswith(b"}"):
            text += b","
        # Without its closing brace, which follows its children.
        text += encoded[:-1] + b',"children":['
        open_arrays.append(iter(below.get(brief_id, ())))
    return bytes(text)


def _parent(brief: Brief) -> str:
    assert brief.parent_brief_id is not None  # those without are at the top
    return brief.parent_brief_id


def _too_large() -> TreeTooLarge:
    return TreeTooLarge(
        f"the tree would not fit MAX_FRAME_BYTES ({MAX_FRAME_BYTES});"
        " ask for less depth or for a smaller root",
        limit="MAX_FRAME_BYTES",
        maximum=MAX_FRAME_BYTES,
    )
