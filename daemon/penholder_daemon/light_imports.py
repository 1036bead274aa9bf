"""structlog without what it takes along: imported before anything else imports structlog.

It imports asyncio for methods that are awaited there, and rich, where that is installed, for
tracebacks on a terminal. Nothing here ever calls either, and both together are 9 MB of each daemon
and a sixth of its start. So while it is imported rich is not found, and asyncio is one that comes
when something of it is asked for. Whoever imports either later gets it as ever.
"""

import importlib
import sys
from types import ModuleType


def _one_that_comes_when_used(name: str) -> ModuleType:
    stand_in = ModuleType(name)

    def get(attribute: str) -> object:
        return getattr(importlib.import_module(name), attribute)

    stand_in.__getattr__ = get  # type: ignore[method-assign]  # of this module (PEP 562)
    return stand_in


def _import(name: str, **stand_ins: ModuleType | None) -> None:
    """Import a module with others for some that it imports; None is one that is not there."""
    others = {each: other for each, other in stand_ins.items() if each not in sys.modules}
    sys.modules.update(others)  # type: ignore[arg-type]  # None is how Python notes a missing one
    try:
        importlib.import_module(name)
    finally:
        for each in others:
            del sys.modules[each]


_import("structlog", rich=None, asyncio=_one_that_comes_when_used("asyncio"))
