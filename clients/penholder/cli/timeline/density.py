"""How many entries a stream got in each part of a time, told from some of them.

A stream counts its entries 1, 2, 3 … without a hole. So between two of them lie as many as their
numbers say, whether they were read or not: where all were read the counts are exact, and of a
million it takes a few hundred. What lies between two that were read is taken to have come evenly.
"""

from collections.abc import Sequence


def counted(entries: int) -> str:
    """Say how many entries there are."""
    return "1 entry" if entries == 1 else f"{entries:,} entries"


def density(
    seen: Sequence[tuple[int, int]], begin_ms: int, end_ms: int, parts: int
) -> tuple[list[float], bool]:
    """Count entries in equal parts of a time; `seen` is numbers of one stream, and when they came.

    Returns the counts, and whether some between two of `seen` were not.
    """
    counts = [0.0] * parts
    part_ms = max(end_ms - begin_ms, 1) / parts
    is_sampled = False
    last: tuple[int, int] | None = None
    for seq, ms in sorted(seen):
        at = (ms - begin_ms) / part_ms
        _add(counts, at, at, 1)
        unread = 0 if last is None else seq - last[0] - 1
        if last is not None and unread > 0:
            is_sampled = True
            _add(counts, (last[1] - begin_ms) / part_ms, at, unread)
        last = (seq, ms)
    return counts, is_sampled


def _add(counts: list[float], begin: float, end: float, entries: int) -> None:
    """Spread entries evenly between two places, which are counted in parts."""
    # A clock that was set back has given the later one the earlier time.
    begin, end = sorted(min(max(each, 0.0), float(len(counts))) for each in (begin, end))
    first, last = _part(counts, begin), _part(counts, end)
    if first == last:
        counts[first] += entries
        return
    for part in range(first, last + 1):
        covered = min(end, part + 1) - max(begin, part)
        counts[part] += entries * covered / (end - begin)


def _part(counts: list[float], at: float) -> int:
    return min(max(int(at), 0), len(counts) - 1)
