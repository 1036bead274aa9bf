"""A person at a terminal: what is typed is shown, and what comes back."""

import os
import subprocess
from pathlib import Path

from examples.demo.show import Show
from examples.demo.workers import PENHOLDER


class Terminal:
    """Says words of the command line in a directory."""

    def __init__(self, show: Show, environment: dict[str, str], directory: Path) -> None:
        """Take what the daemon is found by."""
        self._show = show
        self._environment = {
            **os.environ, **environment, "COLUMNS": "80", "PENHOLDER": PENHOLDER,
        }  # fmt: skip
        self._directory = directory

    def say(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Say a word, and show what was said and what came back."""
        shown = " ".join(f"'{word}'" if " " in word else word for word in words)
        self._show.line(f"$ penholder {shown}")
        done = subprocess.run(
            [PENHOLDER, *words], cwd=self._directory, env=self._environment, capture_output=True,
            text=True, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        for line in (done.stdout + done.stderr).splitlines():
            self._show.line(line)
        return done
