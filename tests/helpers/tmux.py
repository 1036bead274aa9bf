"""A real terminal for programs that draw: tmux, with a server of its own for each test."""

import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

IS_THERE = shutil.which("tmux") is not None
_PATIENCE_S = 60.0
_LOOK_S = 0.1


class Terminal:
    """A window of tmux in which a shell runs."""

    def __init__(
        self, directory: Path, environment: Mapping[str, str], size: tuple[int, int] = (80, 24)
    ) -> None:
        """Start it, with a socket in a directory."""
        self._socket = directory / "tmux.sock"
        width, height = map(str, size)
        # No configuration, and a shell without one: what is seen is what was typed.
        command = ["sh", "-c", "PS1='$ ' exec sh"]
        self._environment = {**environment, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", width, "-y", height, *command)

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=True,
        )
        return done.stdout

    def type(self, *keys: str) -> None:
        """Press keys, as tmux names them."""
        self._tmux("send-keys", *keys)

    def run(self, *words: str) -> None:
        """Have the shell run a command."""
        self._tmux("send-keys", "-l", shlex.join(words))
        self.type("Enter")

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def screen(self, *, with_codes: bool = False) -> str:
        """Return what is on the screen, with its colours as escape sequences if they are wanted."""
        return self._tmux("capture-pane", "-p", *(["-e"] if with_codes else []))

    def fact(self, name: str) -> str:
        """Return what tmux knows of the window, such as `alternate_on`."""
        return self._tmux("display-message", "-p", f"#{{{name}}}").strip()

    def until(self, condition: Callable[[str], bool]) -> str:
        """Wait until the screen is as it should be, and return it."""
        waiting = threading.Event()
        for _ in range(int(_PATIENCE_S / _LOOK_S)):
            screen = self.screen()
            if condition(screen):
                return screen
            waiting.wait(_LOOK_S)
        raise AssertionError(f"it does not come to hold; the screen:\n{screen}")

    def end(self) -> None:
        """End the server and all that runs in it."""
        subprocess.run(
            ["tmux", "-S", str(self._socket), "kill-server"], capture_output=True, check=False
        )
