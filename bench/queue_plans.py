"""The queue's hot calls, whose rows must be found through indexes however many there are."""

_CLAIM: dict[str, object] = {"queue": "q", "runner_id": "r", "lease_ms": 1000}
HOT: dict[str, tuple[str, dict[str, object]]] = {
    "claim": ("queue.claim", _CLAIM),
    "claim in lanes": ("queue.claim", {**_CLAIM, "lanes": ["lane0", "lane1"]}),
    "list": ("queue.list", {}),
    "list of a queue": ("queue.list", {"queue": "q"}),
    "list of a state": ("queue.list", {"state": "pending"}),
    "list of both": ("queue.list", {"queue": "q", "state": "pending"}),
    "list with a reader": ("queue.list", {"queue": "q", "reader_id": "me"}),
    "stats": ("queue.stats", {"queue": "q"}),
    "overview": ("queue.overview", {"queue": "q"}),
}
