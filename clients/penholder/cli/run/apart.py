"""Programs of our own that run apart: without site-packages, small, and there at once."""

import os
import sys
from pathlib import Path

import penholder

_OF_THE_LOADER = ("LD_LIBRARY_PATH",)


def program(module: str) -> list[str]:
    """Return the words that run the `main` of a module which needs the standard library only.

    The caller's PYTHON variables and working directory mean nothing to it; further words are its
    arguments.
    """
    start = (
        "import sys; sys.path.insert(0, sys.argv.pop(1));"
        f" from {module} import main; sys.exit(main())"
    )
    root = str(Path(penholder.__file__).absolute().parent.parent)
    return [sys.executable, "-I", "-S", "-c", start, root]


def environment() -> dict[str, str]:
    """Return what the interpreter itself may need to be found and loaded, and nothing else."""
    return {name: os.environ[name] for name in _OF_THE_LOADER if name in os.environ}
