"""Programs of our own that run apart: without site-packages, small, and there at once."""

import sys
from pathlib import Path

import penholder


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
