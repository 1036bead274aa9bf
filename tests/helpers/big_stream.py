"""A stream of any length that takes no room: its entries are reckoned when they are asked for."""

from tests.helpers.fake_daemon import Json
from tests.helpers.timelines import at

_SCANNED = 2_000


class BigStream:
    """Answers journal.read for `worker:w`, whose entry N is at position N, 1 ms after the last."""

    def __init__(self, length: int, pruned: int = 0) -> None:
        """Have so many entries, of which retention has taken the first."""
        self.length = length
        self.pruned = pruned
        self.special: dict[int, tuple[str, Json]] = {}
        self.calls = 0

    def entry(self, number: int) -> Json:
        """Return an entry."""
        type_, data = self.special.get(number, ("output", {"text": "x"}))
        return {
            "entry_id": f"ev_{number}", "pos": number, "stream": "worker:w", "seq": number,
            "ts": at(number / 1000), "type": type_, "turn_id": None, "data": data, "raw": None,
            "request_id": None,
        }  # fmt: skip

    def read(self, params: Json) -> Json:
        """Answer journal.read as the daemon does, by what of it the timeline uses."""
        self.calls += 1
        after, limit, types = params["after"], params["limit"], params.get("types")
        if types is None:
            last = min(after + limit, self.length)
            items = [self.entry(each) for each in range(after + 1, last + 1)]
            return {"items": items, "pos": last if len(items) == limit else self.length}
        last = min(after + _SCANNED, self.length)
        items = [
            self.entry(each)
            for each in sorted(self.special)
            if after < each <= last and self.special[each][0] in types
        ]
        return {"items": items, "pos": last}
