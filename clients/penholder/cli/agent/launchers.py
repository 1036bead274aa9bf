"""Which program is an agent: those of the configuration, and those that are known.

Known are only agents of whom it is sure which words make them speak the protocol on stdin and
stdout; docs/agents.md has the same list. One of the configuration with such a name is taken for it.
"""

from collections.abc import Iterator
from shutil import which

import msgspec

from penholder.cli.terminal import configuration
from penholder.cli.terminal.configuration import Configuration, Launcher
from penholder.cli.terminal.failures import Failure, Usage
from penholder.cli.terminal.options import nearest
from penholder.cli.terminal.text import printable

KNOWN = {
    "claude": ["claude-agent-acp"],
    "codex": ["codex-acp"],
    "copilot": ["copilot", "--acp", "--stdio"],
    "cursor": ["cursor-agent", "acp"],
    "gemini": ["gemini", "--acp"],
    "goose": ["goose", "acp"],
    "kimi": ["kimi", "acp"],
    "opencode": ["opencode", "acp"],
    "qwen": ["qwen", "--acp"],
}


class Chosen(msgspec.Struct, frozen=True):
    """A launcher by its name."""

    name: str
    launcher: Launcher

    @property
    def path(self) -> str | None:
        """Where its program is; None where there is none."""
        return which(self.launcher.command[0]) if self.launcher.command else None


def all_launchers(of: Configuration) -> Iterator[Chosen]:
    """Yield all: those of the configuration first."""
    for name, launcher in of.launcher.items():
        yield Chosen(name, launcher)
    for name, command in KNOWN.items():
        if name not in of.launcher:
            yield Chosen(name, Launcher(command=command))


def choose(name: str | None) -> Chosen:
    """Return the launcher of a name; without one the default, else the only one that is there."""
    of = configuration.read()
    launchers = list(all_launchers(of))
    wanted = name or of.default_launcher
    if wanted is None:
        return _only(launchers)
    for each in launchers:
        if each.name == wanted:
            return each
    names = [each.name for each in launchers]
    where = "" if name is not None else f" (default_launcher of {configuration.path()})"
    raise Usage(
        f"there is no launcher {printable(wanted)!r}{where}{nearest(wanted, names)}; there are:"
        f" {', '.join(map(printable, names))}"
    )


def _only(launchers: list[Chosen]) -> Chosen:
    found = [each for each in launchers if each.path is not None]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{printable(each.name)} ({each.launcher.command[0]})" for each in launchers)
    if not found:
        raise Failure(
            f"no agent is found on PATH; looked for: {known}. Install one, or name a program in"
            f" {configuration.path()}: [launcher.NAME] command = [...]"
        )
    names = ", ".join(printable(each.name) for each in found)
    raise Usage(
        f"several agents are found: {names}; say --launcher NAME, or set default_launcher in"
        f" {configuration.path()}"
    )
