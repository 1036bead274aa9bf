"""Hostile params, made from openrpc.json: every param of every method, with values of every kind.

A request is JSON text, since much of what is hostile has no other form.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

import msgspec

from penholder_daemon.generate.__main__ import ROOT

Json = dict[str, Any]

DOCUMENT: Json = json.loads((ROOT / "protocol/penholder_protocol/openrpc.json").read_text("utf-8"))
EXAMPLES: Json = json.loads((ROOT / "tests/contract/examples.json").read_text("utf-8"))
METHODS: dict[str, Json] = {each["name"]: each for each in DOCUMENT["methods"]}

_NUMBERS = ["0", "-0", "-1", "1", "1.5", "1e2", "1e308", "1e400", "-1e400", "1E-400", "9" * 309,
            "9" * 5000, *(str(sign * (1 << bits) + off) for sign in (1, -1)
                          for bits in (31, 32, 53, 63, 64) for off in (-1, 0, 1))]  # fmt: skip
_STRINGS = ["", " ", "*", "%", "_", "'", '"', "\\", "/", "..", "../../etc/passwd", "/" * 300, "-",
            "a" * 129, "a" * 5000, "/" + "a" * 300, "\n", "a\n", "\x7f", "ü",
            "\U0001f600", "\u202e", "٣", "0|0|a|s", "1/a/b", "9" * 300 + "/a/b", "0", "-1",
            "9" * 30, "9" * 200, "null", "run:r", "topic:*", "controller:c/workers", "daemon",
            "1:run_1", "9" * 20 + ":run_1", "2026-01-31T12:00:00.000Z", "sha256-"]  # fmt: skip
_TEXTS = ["null", "true", "false", "[]", "{}", "[null]", "[[]]", "[{}]", '{"a":null}', '[""]',
          '{"":""}', '"\\u0000"', '"a\\u0000b"', '["\\u0000"]', '{"\\u0000":"\\u0000"}',
          '"\\ud800"', '"\\udc00a"', '["\\ud800"]', '{"\\ud800":1}', '{"a":1e400}', "[1e400]",
          '{"a":%s}' % ("9" * 5000), "[" * 70 + "]" * 70, '{"a":' * 70 + "1" + "}" * 70,
          "[" * 5000 + "]" * 5000, json.dumps([1] * 1001), json.dumps(["a"] * 1001),
          '"%s"' % ("x" * 70_000), '{"a":"%s"}' % ("x" * 263_000)]  # fmt: skip
VALUES = [*_NUMBERS, *map(json.dumps, _STRINGS), *_TEXTS]


def base(method: str) -> Json:
    """Return params that the method takes, from its example."""
    params: Json = dict(EXAMPLES[method]["params"])
    if any(param["name"] == "timeout_ms" for param in METHODS[method]["params"]):
        params["timeout_ms"] = 0
    return params


def words(method: str) -> list[str]:
    """Return words that mean something to the method: what its schema allows."""
    found = json.dumps(METHODS[method])
    return [json.dumps(word) for word in sorted(set(_enums(json.loads(found))))]


def _enums(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from (word for word in schema.get("enum", ()) if isinstance(word, str))
        for inner in schema.values():
            yield from _enums(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _enums(inner)


def spoiled(params: Json, path: tuple[str | int, ...], value: str) -> bytes:
    """Write params as JSON text with a text in one place."""
    mark = "the place of the hostile value"
    whole = json.loads(json.dumps(params))
    at = whole
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = mark
    return json.dumps(whole).replace(json.dumps(mark), value).encode("utf-8", "surrogatepass")


def places(method: str) -> list[tuple[str | int, ...]]:
    """Name every param, and every field of every record within the params of the example."""
    names = [param["name"] for param in METHODS[method]["params"]]
    inside = [
        (*path, field)
        for name, value in base(method).items()
        for path in _records((name,), value)
        for field in _fields_at(method, path)
    ]
    return [(name,) for name in names] + inside


def _records(path: tuple[str | int, ...], value: object) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        yield path
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield (*path, 0)


def _fields_at(method: str, path: tuple[str | int, ...]) -> list[str]:
    """Return the fields of the record that a param's schema names, if it names one."""
    schema = next(
        param["schema"] for param in METHODS[method]["params"] if param["name"] == path[0]
    )
    for name, record in DOCUMENT["components"]["schemas"].items():
        if f'"#/components/schemas/{name}"' in json.dumps(schema):
            return list(record.get("properties", ()))
    return []


def requests(method: str, draw: random.Random, most: int) -> Iterator[bytes]:
    """Yield params with one hostile value each: all there are, or so many for each place."""
    values = [*VALUES, *words(method)]
    for path in places(method):
        chosen = values if len(values) <= most else draw.sample(values, most)
        if path == ("timeout_ms",):
            chosen = [value for value in chosen if value != "null"]  # it stands for the default
        for value in chosen:
            yield spoiled(base(method), path, value)


def mixed(method: str, draw: random.Random, count: int) -> Iterator[bytes]:
    """Yield params of which any number are hostile, or missing."""
    values = [*VALUES, *words(method)]
    names = [param["name"] for param in METHODS[method]["params"]]
    for _ in range(count):
        params = {name: json.dumps(value) for name, value in base(method).items()}
        for name in names:
            lot = draw.random()
            if lot < 0.4:
                params[name] = draw.choice(values)
            elif lot < 0.5:
                params.pop(name, None)
        if "timeout_ms" in names:
            params["timeout_ms"] = "0"
        members = ",".join(f"{json.dumps(name)}:{value}" for name, value in params.items())
        yield f"{{{members}}}".encode()


def is_sound(answer: bytes) -> bool:
    """Tell whether any reader can read an answer."""
    msgspec.json.decode(answer)
    json.loads(answer)
    return True
