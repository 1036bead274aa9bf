"""`penholderd` without its collector: `python -P uncollected.py REPORT FLAG …`.

A circle keeps all that it leads to until a collection of garbage, and how late that comes is luck.
So none comes here, and SIGUSR2 has what is large and kept by nothing else written to a file, as
JSON.
"""

import gc
import json
import os
import signal
import sys
from pathlib import Path

from msgspec import Raw

from penholder_daemon.main import main

_LARGE_BYTES = 50_000
_NO_COLLECTION = 0


def _size_bytes(thing: object) -> int:
    if isinstance(thing, Raw):
        return len(bytes(thing))
    return sys.getsizeof(thing) if isinstance(thing, bytes | bytearray | str) else 0


def _what_is_large() -> list[str]:
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    found = [
        f"{type(holder).__name__} holds {type(held).__name__} of {_size_bytes(held):,} bytes"
        for holder in gc.garbage
        for held in gc.get_referents(holder)
        if _size_bytes(held) > _LARGE_BYTES
    ]
    gc.set_debug(0)
    gc.garbage.clear()
    return found


def _report(path: Path) -> None:
    whole = path.with_suffix(".written")
    whole.write_text(json.dumps(_what_is_large()))
    os.replace(whole, path)


if __name__ == "__main__":
    report = Path(sys.argv.pop(1))
    signal.signal(signal.SIGUSR2, lambda *_: _report(report))
    # The daemon sets how often there is a collection: that is what is taken from it here.
    gc.set_threshold(_NO_COLLECTION)
    gc.set_threshold = lambda *_: None
    raise SystemExit(main())
