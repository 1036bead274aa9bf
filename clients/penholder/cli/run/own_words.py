"""Which of the words behind `penholder run` are its own: those before the command.

The command begins at the first word that is no flag, or behind `--`, and everything after is its
own, flags too. A word that a flag takes as its value is none.
"""

from collections.abc import Sequence

VALUED = frozenset(
    (
        "--controller", "--label", "--name", "--worker-id", "--launcher", "--profile",
        "--kill-after-s", "--give-up-s", "--restart", "--cwd", "--env", "--fence", "--operation",
        "--runtime-dir", "--state-dir", "--at", "--host",
    )
)  # fmt: skip
"""The flags whose value may be a word of its own."""


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return its own words and the command's."""
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            return list(words[:at]), list(words[at + 1 :])
        if not word.startswith("-"):
            break
        at += 2 if word.replace("_", "-") in VALUED else 1
    return list(words[:at]), list(words[at:])
