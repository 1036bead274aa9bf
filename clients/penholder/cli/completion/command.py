"""`penholder completion SHELL`, and what the shells then call."""

import shlex
import sys
from collections.abc import Sequence
from importlib.resources import files

from penholder.cli.completion import engine, values
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.helping import described
from penholder.cli.terminal.options import Parser, parse_known

FILES = {"bash": "penholder.bash", "zsh": "_penholder", "fish": "penholder.fish"}
_LINE = "--line"


def run(words: Sequence[str]) -> int:
    """Carry out `penholder completion words…`; returns the exit code."""
    parser = Parser(
        prog="penholder completion",
        usage="penholder completion bash|zsh|fish",
        description=described(
            "Print what completes penholder's words, and the names of workers, in a shell.",
            [
                'eval "$(penholder completion bash)"      in ~/.bashrc',
                "penholder completion zsh > ~/.zfunc/_penholder",
                "penholder completion fish > ~/.config/fish/completions/penholder.fish",
            ],
            "A package that puts files below share/ of a prefix has installed them already.",
        ),
    )
    parser.add_argument("shell", choices=tuple(FILES), help="which shell")
    found = parse_known(parser, words)
    print(text(found.shell), end="")
    return 0


def text(shell: str) -> str:
    """Return the script for a shell."""
    return (files("penholder.cli.completion") / "scripts" / FILES[shell]).read_text("utf-8")


def complete(words: Sequence[str]) -> int:
    """Print what may come next, a line each: of the words, or of a line as it was typed."""
    said = list(words[1:])
    if words[:1] == [_LINE]:
        said = _split(words[1] if len(words) > 1 else "")[1:]
    elif words[:1] != ["--"]:
        raise Usage("penholder __complete is for shells: penholder completion SHELL prints how")
    for each in engine.complete(said, values.Asked()):
        sys.stdout.write(f"{each}\n")
    return 0


def _split(line: str) -> list[str]:
    """Split a line that ends where the cursor is; the last word is empty after a space."""
    for closing in ("", '"', "'"):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        return [*words, ""] if line[-1:].isspace() and not closing else words
    return []
