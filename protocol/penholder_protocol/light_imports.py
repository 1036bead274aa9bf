"""Importing a library without what it takes along and nothing of ours ever uses.

A program that answers one question and ends pays for each module that is imported on the way. So
while a library is imported, others of which it would only see whether they are there are not found.
Whoever imports those later gets them as ever. It is for programs, never for a library: what its
user does with such a library may need the rest.
"""

import importlib
import sys
from types import ModuleType


def import_with(name: str, **stand_ins: ModuleType | None) -> None:
    """Import a module with others for some that it imports; None is one that is not there."""
    others = {each: other for each, other in stand_ins.items() if each not in sys.modules}
    sys.modules.update(others)  # type: ignore[arg-type]  # None is how Python notes a missing one
    try:
        importlib.import_module(name)
    finally:
        for each in others:
            del sys.modules[each]


def import_light_msgspec() -> None:
    """Import msgspec without typing_extensions, which is there where anybody else needs it.

    It takes the half of typing from there that a Python of ours has itself, and with it inspect and
    a parser: a fifth of the time of `penholder status`.
    """
    import_with("msgspec", typing_extensions=None)
