"""Node, where it is installed; without it tests are skipped, and say what to install."""

import shutil
import subprocess

import pytest

LEAST = 20
_INSTALL = "apt-get install nodejs npm"


def require() -> None:
    """Skip a test where there is no Node that is new enough, or no npm."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: {_INSTALL}")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(said.strip().lstrip("v").partition(".")[0]) < LEAST:
        pytest.skip(f"Node {LEAST} is needed, this is {said.strip()}: {_INSTALL}, or nodejs.org")
