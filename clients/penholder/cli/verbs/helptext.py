"""What `--help` says: rooms, verbs, and of every flag its type, limits and default."""

from penholder.cli.catalog import COMMANDS, GROUPS
from penholder.cli.contract import Contract, Method, Param, Schema
from penholder.cli.terminal import helping
from penholder.cli.terminal.failures import EXIT_CODES_HELP

_ROOMS = {
    "rpc": "the connection itself",
    "tx": "several mutations, all or none",
    "journal": "all streams",
    "controller": "who owns a workspace",
    "worker": "workers and their states",
    "runtime": "the process in a worker's seat",
    "event": "what a worker did",
    "approval": "questions and their one answer",
    "handoff": "snapshots to go on from",
    "daemon": "the daemon itself",
}


EXAMPLES = """\
examples:
  penholder run -d -- make -j4     start a command and give it a name
  penholder ps                     see what runs, and what asks
  penholder inbox                  read the questions
  penholder approve make-1         answer one with yes
  penholder logs -f make-1         follow its output
  penholder ps -a                  see how those ended that have
  penholder stop make-1            end it"""


def rooms(contract: Contract) -> list[tuple[str, str]]:
    """Return each room with what it is about, or its verbs."""
    return [(room, _ROOMS.get(room, _verbs(contract, room))) for room in contract.rooms()]


def overview(contract: Contract) -> str:
    """Return the help of `penholder` alone."""
    texts = [
        "usage: penholder WORD …   or   penholder ROOM VERB [--flag value …]",
        EXAMPLES,
        *(_group(title, name) for name, title in GROUPS.items()),
        "\n".join(
            ["rooms (penholder help ROOM lists the verbs):", *helping.listed(dict(rooms(contract)))]
        ),
        "for every command: --json --socket PATH --runtime-dir DIR --state-dir DIR"
        " --operation NAME; penholder help WORD says more of each",
        EXIT_CODES_HELP,
    ]
    return "\n\n".join(helping.filled(text, helping.width()) for text in texts)


def _group(title: str, name: str) -> str:
    shown = {word: each.summary for word, each in COMMANDS.items() if each.group == name}
    return "\n".join([f"{title}:", *helping.listed(shown)])


def room_help(contract: Contract, room: str) -> str:
    """Return the help of a room: its verbs."""
    verbs = {method.verb: method.summary for method in contract.verbs(room)}
    usage = f"usage: penholder {room} VERB [--flag value …]"
    more = f"penholder {room} VERB --help shows the flags"
    texts = [usage, "\n".join(["verbs:", *helping.listed(verbs)]), more]
    return "\n\n".join(helping.filled(text, helping.width()) for text in texts)


def _verbs(contract: Contract, room: str) -> str:
    return ", ".join(method.verb for method in contract.verbs(room))


def epilog(method: Method) -> str:
    """Say where a method is served and which errors it can give."""
    served = " and ".join(f"the {socket} socket" for socket in method.sockets)
    errors = {error.data.code: f"{error.message} [{error.code}]" for error in method.errors}
    return "\n".join(
        [f"served on {served}", "", "errors:", *helping.listed(errors), "", EXIT_CODES_HELP]
    )


def describe(contract: Contract, param: Param) -> str:
    """Say of a param what its values are, their limits, and the default."""
    schema = param.schema
    kinds = " or ".join(_kind(contract, part) for part in schema.choices)
    parts = [kinds, "required" if param.required else _default(schema)]
    texts = [part.description for part in schema.choices if part.description]
    described = f"{texts[0]} " if texts else ""
    return described + "[" + "; ".join(part for part in parts if part) + "]"


def _default(schema: Schema) -> str:
    default = bytes(schema.default).decode()
    return "" if default == "null" else f"default {default}"


def _kind(contract: Contract, schema: Schema) -> str:
    if schema.enum:
        return ", ".join(map(str, schema.enum))
    if schema.is_words:
        limit = f", up to {schema.max_items}" if schema.max_items else ""
        return f"string, may be repeated{limit}"
    if schema.is_json:
        return _json_kind(contract, schema)
    return (schema.type or "") + _limits(schema)


def _json_kind(contract: Contract, schema: Schema) -> str:
    described = contract.resolve(schema.items or schema)
    fields = f" of {{{', '.join(described.properties)}}}" if described.properties else ""
    limit = f", up to {schema.max_items}" if schema.max_items else ""
    kind = contract.resolve(schema).type or "value"
    return f"JSON {kind}{fields}{limit}, @FILE, or - for stdin"


def _limits(schema: Schema) -> str:
    if schema.max_length is not None:
        return f" of {schema.min_length or 0} to {schema.max_length} characters"
    if schema.minimum is not None and schema.maximum is not None:
        top = "2^63-1" if schema.maximum == (1 << 63) - 1 else str(schema.maximum)
        return f" of {schema.minimum} to {top}"
    return ""


def metavar(schema: Schema) -> str:
    """Name a flag's value in the usage line."""
    part = schema.choices[0]
    if part.enum:
        return "{" + ",".join(str(word) for choice in schema.choices for word in choice.enum) + "}"
    if part.is_words:
        return "TEXT"
    return "JSON" if part.is_json or part.ref else {"integer": "N"}.get(part.type or "", "TEXT")
