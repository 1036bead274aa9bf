"""Types and the fast tests on every other Python of this machine: `make test-interpreters`.

Each gets an environment of its own, `.venv/3.13` for one, that is kept for the next time. Which one
runs this is left out: `make test` has checked it in full.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MINORS = range(11, 20)
_ENVIRONMENTS = ROOT / ".venv"
_DECIDES = ("pyproject.toml", "constraints.txt")
_SECONDS = 600
"""For one step of one interpreter; all steps of one take about two minutes on two idle cores."""
_FAST = (
    "tests/unit", "tests/contract", "tests/process/test_wire.py",
    "tests/process/test_clients_live.py",
)  # fmt: skip
_PROBE = (
    "import sys, ensurepip, venv; print(sys.implementation.name, *sys.version_info[:2], sep='.')"
)


def main() -> int:
    """Check with each interpreter that is found; returns 1 if one of them failed."""
    failed = []
    for minor in MINORS:
        if minor == sys.version_info.minor:
            continue
        python = find(minor)
        if python is None:
            print(f"3.{minor}: not here", flush=True)
            continue
        print(f"3.{minor}: {python}", flush=True)
        if not check(python, minor):
            failed.append(f"3.{minor}")
    print(f"failed: {', '.join(failed)}" if failed else "all passed", flush=True)
    return 1 if failed else 0


def find(minor: int) -> str | None:
    """Return the first Python 3.`minor` that works and can make environments."""
    return next((each for each in _candidates(minor) if works(each, minor)), None)


def _candidates(minor: int) -> Iterator[str]:
    named = shutil.which(f"python3.{minor}")
    if named is not None:
        yield named
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for directory in sorted(versions.glob(f"3.{minor}.*"), reverse=True):
        yield str(directory / "bin" / "python3")


def works(python: str, minor: int) -> bool:
    """Tell whether a name is what it says: pyenv has names that only say what to install."""
    try:
        done = subprocess.run(
            [python, "-c", _PROBE], capture_output=True, timeout=_SECONDS, check=False
        )
    except OSError:
        return False
    return done.returncode == 0 and done.stdout == f"cpython.3.{minor}\n".encode()


def check(python: str, minor: int) -> bool:
    """Run types and the fast tests with one interpreter."""
    environment = _ENVIRONMENTS / f"3.{minor}"
    own = str(environment / "bin" / "python")
    return _is_set_up(python, environment) and all(
        _run([own, "-m", *words])
        for words in (["mypy"], ["pytest", "-q", "-n", "2", "--dist", "worksteal", *_FAST])
    )


def _is_set_up(python: str, environment: Path) -> bool:
    """Install what the project needs, unless the same is installed already."""
    stamp = environment / ".ready"
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in _DECIDES)).hexdigest()
    if stamp.is_file() and stamp.read_text("ascii") == wanted:
        return True
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    packages = ["--disable-pip-version-check", "-c", "constraints.txt", "-e", ".[dev]"]
    done = _run([python, "-m", "venv", "--clear", str(environment)]) and _run([*pip, *packages])
    if done:
        stamp.write_text(wanted, "ascii")
    return done


def _run(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, cwd=ROOT, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        print(f"{command} took more than {_SECONDS} s", flush=True)
        return False
    return done.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
