"""Which era a request is of, and what its results have."""

import json

import pytest

from penholder.cli.mcp import eras
from penholder.cli.mcp.eras import Asked
from penholder.cli.mcp.messages import Refused
from penholder.cli.mcp.resources import named, uri_of

OURS = "io.modelcontextprotocol/"
VERSION, CAN = f"{OURS}protocolVersion", f"{OURS}clientCapabilities"


def read(meta: object, method: str = "tools/list") -> Asked:
    """Read params with this `_meta`."""
    return eras.read(method, json.dumps({"_meta": meta}).encode())


def test_the_envelope_tells_the_era() -> None:
    assert eras.read("ping", b"{}") == Asked(False, None)
    assert read(None) == Asked(False, None)
    assert read({"progressToken": 7}) == Asked(False, 7)
    assert read({VERSION: "2026-07-28", CAN: {}, "progressToken": "p"}) == Asked(True, "p")
    # A handshake is of the older era, whatever stands beside it.
    assert read({VERSION: "2026-07-28", CAN: {}}, "initialize") == Asked(False, None)


@pytest.mark.parametrize(
    ("meta", "number"),
    [
        ({VERSION: "2026-07-28"}, -32602),
        ({VERSION: 7, CAN: {}}, -32602),
        ({VERSION: None, CAN: {}}, -32602),
        ({"progressToken": True}, -32602),
        ({"progressToken": {}}, -32602),
        ([], -32602),
        ({VERSION: "2025-11-25", CAN: {}}, -32022),
    ],
)
def test_a_broken_envelope_is_refused(meta: object, number: int) -> None:
    with pytest.raises(Refused) as refused:
        read(meta)
    assert refused.value.number == number


def test_only_the_newer_era_has_its_members() -> None:
    assert eras.finish(Asked(False, None), "tools/list", {"tools": []}) == {"tools": []}
    body = eras.finish(Asked(True, None), "tools/call", {"content": [], "_meta": {"x": 1}})
    assert body["resultType"] == "complete"
    assert body["_meta"] == {"x": 1, f"{OURS}serverInfo": eras.SERVER_INFO}
    assert "ttlMs" not in body
    assert eras.finish(Asked(True, None), "resources/read", {})["ttlMs"] == 0


@pytest.mark.parametrize("stream", ["worker:w_1", "controller:c/workers", "topic:a b%?#ä", "*"])
def test_uris_name_streams(stream: str) -> None:
    for after in (None, 0, 17):
        found = named(uri_of(stream, after))
        assert found is not None
        assert (found.stream, found.after) == (stream, after or 0)


@pytest.mark.parametrize(
    "uri",
    ["", "penholder://stream/", "penholder://stream/a?after=x", "http://stream/a", "x" * 9000],
)
def test_other_uris_name_nothing(uri: str) -> None:
    assert named(uri) is None
