"""What a method still lacks: `make missing` lists it, with the place and the line to add.

What is generated is not looked at one by one: `make generate` writes all of it.
"""

import re
from collections.abc import Iterator

from penholder_daemon.generate.__main__ import ROOT, stale
from tests.contract.examples import EXAMPLES, KEPT, render
from tests.models.coverage import CALLED, REACHED, WITHOUT_MODEL, unsettled


def missing() -> Iterator[str]:
    """Yield what is to be done, in the order in which it is best done."""
    has_example = {example.method for example in EXAMPLES}
    for method in REACHED:
        if method not in has_example:
            yield (
                f'{method} has no example: add Example("{method}", {{…}}) to EXAMPLES in'
                " tests/contract/examples.py, after the calls that make what it needs"
            )
    called = _called_by_tests()
    for method in REACHED:
        if method not in called:
            yield f"{method} has no test: call it in tests/unit/rooms with the `bench` fixture"
    yield from unsettled(REACHED, CALLED, WITHOUT_MODEL)
    if not has_example.issuperset(REACHED):
        return  # it would be generated without them
    if KEPT.read_text("utf-8") != render() or stale():
        yield "what is generated is stale: make generate"


def _called_by_tests() -> set[str]:
    """Return the methods that a test names: those of rooms, and where it takes more than a room."""
    folders = (ROOT / "tests" / each for each in ("unit", "process", "sim"))
    texts = (path.read_text("utf-8") for each in folders for path in each.rglob("test_*.py"))
    return {name for text in texts for name in re.findall(r'"([a-z]+\.[a-z_]+)"', text)}


def main() -> int:
    """Print what is missing; returns 1 if anything is."""
    found = list(missing())
    print("\n".join(found) or "nothing is missing")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
