"""Types of the Agent Client Protocol, made from its schemas.

`python -m tests.helpers.acp.generate` writes them, as a part of `make generate`.

What is read of a message is named in `reading`; that there is such a field, what it is, and what
its definition means comes from the schema.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import penholder.cli.agent.acp
from tests.helpers.acp.reading import VERSIONS, Version

Schema = dict[str, Any]
_DIRECTORY = Path(penholder.cli.agent.acp.__file__).parent
_UNSTABLE = ("**UNSTABLE**", "This capability is not part of the spec yet")
_PLAIN = {"string": "str", "boolean": "bool", "integer": "int", "number": "float"}
_NOTHING = {"str": '""', "bool": "False", "int": "0", "float": "0.0"}


class _Type(NamedTuple):
    name: str
    is_nullable: bool = False

    def __str__(self) -> str:
        return f"{self.name} | None" if self.is_nullable else self.name


class _Module:
    """One version's module."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._definitions: Schema = json.loads(version.schema.read_bytes())["$defs"]

    def text(self) -> str:
        """Return all of it."""
        classes = "\n\n\n".join("\n".join(self._class(name)) for name in self._ordered())
        uses_any = "from typing import Any\n\n" if re.search(r"\bAny\b", classes) else ""
        number = self._version.number
        return (
            f'"""What is read of version {number} of the Agent Client Protocol; made from its'
            f' schema."""\n\n{uses_any}import msgspec\n\n\n{classes}\n'
        )

    def _ordered(self) -> list[str]:
        """Return the names, each after what it needs."""
        done: list[str] = []

        def add(name: str) -> None:
            for needed in self._version.read:
                if needed != name and re.search(rf"\b{needed}\b", "\n".join(self._fields(name))):
                    add(needed)
            if name not in done:
                done.append(name)

        for each in sorted(self._version.read):
            add(each)
        return done

    def _class(self, name: str) -> Iterator[str]:
        yield f'class {name}(msgspec.Struct, rename="camel"):'
        said = self._definitions[name]["description"].split("\n\n")
        meaning = next(each for each in said if not each.startswith(_UNSTABLE))
        words = " ".join(re.sub(r"[`\[\]]", "", meaning).replace("::", ".").split())
        first = words.partition(". ")[0].rstrip(".")
        yield f'    """{first}."""'
        yield ""
        yield from self._fields(name)

    def _fields(self, name: str) -> Iterator[str]:
        known = self._properties(self._definitions[name])
        fields = [self._field(name, each, known) for each in self._version.read[name].split()]
        # Those that must be there come first, as msgspec wants them.
        yield from sorted(fields, key=lambda field: "=" in field)

    def _field(self, owner: str, wanted: str, known: Schema) -> str:
        camel = wanted.rstrip("*")
        if camel not in known:
            raise SystemExit(f"{owner} of version {self._version.number} has no {camel}")
        name = re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"_{found[1].lower()}", camel)
        given = self._version.raw.get(f"{owner}.{camel}")
        type_ = _Type(given) if given else self._type(known[camel])
        if camel == "_meta":
            return f'    meta: {type_} = msgspec.field(name="_meta", default=None)'
        if wanted.endswith("*"):
            return f"    {name}: {type_}"
        return f"    {name}: {type_} = {self._nothing(type_)}"

    def _nothing(self, type_: _Type) -> str:
        if type_.name.endswith("| None") or type_.is_nullable:
            return "None"
        if type_.name.startswith("list["):
            return "[]"
        default = _NOTHING.get(type_.name)
        return default or f"msgspec.field(default_factory={type_.name})"

    def _properties(self, definition: Schema) -> Schema:
        """Return the properties of a definition and of all its variants."""
        found: Schema = {}
        for key in ("allOf", "oneOf", "anyOf"):
            for each in definition.get(key, ()):
                found |= self._properties(self._followed(each))
        found |= definition.get("properties", {})
        return found

    def _followed(self, schema: Schema) -> Schema:
        name = _name_of(schema)
        return schema if name is None else dict(self._definitions[name])

    def _type(self, schema: Schema) -> _Type:
        variants: list[Schema] = schema.get("allOf") or schema.get("anyOf") or []
        inner = [each for each in variants if each != {"type": "null"}]
        if len(inner) == 1:
            type_ = self._type(inner[0])
            return _Type(type_.name, len(variants) > 1 or type_.is_nullable)
        name = _name_of(schema)
        if name is not None:
            is_read = name in self._version.read
            return _Type(name) if is_read else self._type(self._definitions[name])
        return self._plain(schema)

    def _plain(self, schema: Schema) -> _Type:
        types = schema.get("type", [])
        listed = types if isinstance(types, list) else [types]
        names = [each for each in listed if each != "null"]
        is_nullable = len(names) < len(listed)
        if names == ["array"]:
            return _Type(f"list[{self._type(schema['items'])}]", is_nullable)
        if len(names) == 1 and names[0] in _PLAIN:
            return _Type(_PLAIN[names[0]], is_nullable)
        variants: list[Schema] = schema.get("oneOf") or schema.get("anyOf") or []
        kinds = {each.get("type") for each in variants}
        plain = sorted(_PLAIN[each] for each in kinds if each in _PLAIN)
        if plain:
            return _Type(" | ".join(plain), "null" in kinds)
        return _Type("dict[str, Any]", is_nullable)


def _name_of(schema: Schema) -> str | None:
    reference = schema.get("$ref")
    return None if reference is None else str(reference).rpartition("/")[2]


def text_of(version: Version) -> str:
    """Return the module of a version."""
    return _Module(version).text()


def modules() -> dict[Path, str]:
    """Return the text of each module, by where it is kept."""
    return {_DIRECTORY / f"{each.module}.py": text_of(each) for each in VERSIONS}


if __name__ == "__main__":
    for path, text in modules().items():
        path.write_text(text)
