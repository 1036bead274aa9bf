"""What the daemon's libraries take along and it never uses: imported before anything else is.

structlog imports asyncio for methods that are awaited there, and rich, where that is installed, for
tracebacks on a terminal. Both together are 9 MB of each daemon and a sixth of its start. So rich is
not found meanwhile, and asyncio is one that comes when something of it is asked for.
"""

import importlib
from types import ModuleType

from penholder_protocol.light_imports import import_light_msgspec, import_with


def _one_that_comes_when_used(name: str) -> ModuleType:
    stand_in = ModuleType(name)

    def get(attribute: str) -> object:
        return getattr(importlib.import_module(name), attribute)

    stand_in.__getattr__ = get  # type: ignore[method-assign]  # of this module (PEP 562)
    return stand_in


import_light_msgspec()
import_with("structlog", rich=None, asyncio=_one_that_comes_when_used("asyncio"))
