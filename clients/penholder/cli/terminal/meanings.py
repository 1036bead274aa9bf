"""What people mean by words that there are not: what other programs call it.

Letters that are alike say little about meaning: `ls` is not a mistyped `rm`.
"""

from collections.abc import Iterable

_WORDS = {
    "ls": ("ps",),
    "list": ("ps",),
    "ps": ("ps",),
    "jobs": ("ps",),
    "workers": ("ps",),
    "log": ("logs",),
    "logs": ("logs NAME",),
    "output": ("logs NAME",),
    "cat": ("logs NAME",),
    "follow": ("logs NAME -f", "tail"),
    "start": ("run -d -- COMMAND", "up"),
    "exec": ("run -- COMMAND", "attach NAME"),
    "create": ("run -d -- COMMAND",),
    "spawn": ("run -d -- COMMAND",),
    "submit": ("run -d -- COMMAND", "queue submit"),
    "add": ("run -d -- COMMAND", "queue submit"),
    "kill": ("kill NAME",),
    "terminate": ("stop NAME", "kill NAME"),
    "cancel": ("stop NAME",),
    "stop": ("stop NAME", "down"),
    "delete": ("rm NAME",),
    "remove": ("rm NAME",),
    "rm": ("rm NAME",),
    "del": ("rm NAME",),
    "show": ("inspect NAME",),
    "info": ("inspect NAME", "status"),
    "describe": ("inspect NAME",),
    "get": ("inspect NAME",),
    "questions": ("inbox",),
    "approvals": ("inbox",),
    "pending": ("inbox",),
    "yes": ("approve WHAT",),
    "allow": ("approve WHAT",),
    "no": ("deny WHAT",),
    "reject": ("deny WHAT",),
    "decide": ("answer WHAT OPTION",),
    "reply": ("answer WHAT OPTION",),
    "input": ("send NAME TEXT",),
    "write": ("send NAME TEXT",),
    "type": ("send NAME TEXT",),
    "connect": ("attach NAME",),
    "fg": ("attach NAME",),
    "htop": ("top",),
    "monitor": ("top", "watch"),
    "events": ("tail", "logs NAME"),
    "daemon-start": ("up",),
    "serve": ("up",),
    "shutdown": ("down",),
    "quit": ("down",),
    "check": ("doctor",),
    "dump": ("export", "backup"),
    "save": ("backup",),
    "version": ("--version",),
}
_FLAGS = {
    "-n": ("logs NAME -n N",),
    "--lines": ("logs NAME -n N",),
    "--tail": ("logs NAME -n N",),
    "--since": ("logs NAME --since 10m",),
    "-f": ("logs NAME -f",),
    "--follow": ("logs NAME -f",),
    "-a": ("ps -a",),
    "-d": ("run -d -- COMMAND",),
    "--detach": ("run -d -- COMMAND",),
    "-t": ("logs NAME -t",),
    "-s": ("kill -s SIGNAL NAME",),
    "--signal": ("kill -s SIGNAL NAME",),
    "-o": ("--format",),
    "--output": ("--format",),
    "-q": ("--no-headers",),
    "--name": ("run --name NAME -- COMMAND",),
}


def of_word(word: str) -> Iterable[str]:
    """Return the commands that a word may mean, whole; none where nobody calls it so."""
    return [f"penholder {meant}" for meant in _WORDS.get(word.lower(), ())]


def of_flag(flag: str) -> Iterable[str]:
    """Return what has such a flag, or a flag of that meaning."""
    return [
        meant if meant.startswith("-") else f"penholder {meant}" for meant in _FLAGS.get(flag, ())
    ]
