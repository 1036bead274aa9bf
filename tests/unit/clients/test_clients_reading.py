"""Answers with numbers that were stored when anything was: the clients and tables stand them."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from msgspec import Raw

from penholder._shared import deep
from penholder._shared.reading import decode, read
from penholder.cli.contract import contract
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.output import show
from penholder.cli.terminal.text import plain
from penholder_protocol.nouns import BriefTree

DIGITS = "9" * 5000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e400", Decimal("1e400")),
        ("-1e400", Decimal("-1e400")),
        (DIGITS, Decimal(DIGITS)),
        ("9" * 400, int("9" * 400)),
        ("1.5", 1.5),
        ("9007199254740993", 9007199254740993),
    ],
    ids=lambda each: str(each)[:8],
)
def test_a_number_of_any_size_is_read(text: str, expected: object) -> None:
    assert read(Raw(text.encode()), object) == expected
    nested = Raw(f'{{"a": [{text}, 1.5, 2]}}'.encode())
    assert read(nested, dict[str, object]) == {"a": [expected, 1.5, 2]}


def test_other_faults_stay_faults() -> None:
    with pytest.raises(msgspec.ValidationError):
        read(Raw(b'{"a": 1}'), str)


@pytest.mark.parametrize("number", ["1e400", DIGITS, "9" * 400], ids=["1e400", "5000", "400"])
def test_tables_show_it(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    event = (
        f'{{"event_id":"e","worker_id":"w","event_seq":1,"pos":1,"ts":"t","type":"x",'
        f'"turn_id":null,"data":{{"n":{number}}},"raw":{number}}}'
    )
    method = next(each for each in contract().methods if each.name == "event.list")
    page = Raw(f'{{"items":[{event}],"next":null}}'.encode())
    show(contract(), method, page, Options(json=False), lambda: NOW)
    assert "event_seq" in capsys.readouterr().out
    assert plain({"n": Decimal("1e400")}) == '{"n":1E+400}'


# --- lone surrogates ---------------------------------------------------------------------------
def test_a_lone_surrogate_that_was_stored_is_read_and_shown() -> None:
    assert read(Raw(b'{"a": "x\\ud83d"}'), object) == {"a": "x\ud83d"}
    assert plain("x\ud83d") == "x\\ud83d"
    assert plain({"a": "x\ud83d"}) == '{"a": "x\\ud83d"}'
    with pytest.raises(msgspec.DecodeError):
        read(Raw(b'{"a": '), object)


# --- trees -------------------------------------------------------------------------------------
LEVELS = 3000
"""More than decoders go on most Pythons; some go further."""
_DEEP = {"children": [{"children": {}}, "}]{[", '"children":[']}
_PAYLOAD = json.dumps(_DEEP).encode()[:-1] + b',"exact": 1.50}'


def _node(name: str, children: bytes) -> bytes:
    head = {
        "brief_id": name, "board_id": "b", "parent_brief_id": None, "workstream_id": None,
        "tier": 1, "role": '"children":[{', "state": "done", "retry_count": 0,
        "created_at": "2026-01-31T12:00:00.000Z", "updated_at": "2026-01-31T12:00:00.000Z",
    }  # fmt: skip
    text = json.dumps(head).encode()[:-1]
    return b'%b,"result":null,"children" : [%b],"payload":%b}' % (text, children, _PAYLOAD)


def _tree_text(levels: int) -> bytes:
    below = b""
    for level in range(levels, 0, -1):
        below = _node(f"n{level}", below + (b"," if below else b"") + _node(f"m{level}", b""))
    return b'{"items":[%b,%b]}' % (below, _node("last", b""))


def _walk(text: bytes) -> list[tuple[int, str, bytes]]:
    tree = decode(Raw(text), msgspec.json.Decoder(BriefTree))
    found = []
    left = [(0, each) for each in reversed(tree.items)]
    while left:
        level, node = left.pop()
        found.append((level, node.brief_id, bytes(node.payload)))
        left += [(level + 1, each) for each in reversed(node.children)]
    return found


@pytest.mark.parametrize("levels", [1, 3, LEVELS])
def test_a_tree_of_any_depth_is_read(levels: int) -> None:
    expected = [(level, f"n{level + 1}", _PAYLOAD) for level in range(levels)]
    expected += [(level, f"m{level}", _PAYLOAD) for level in range(levels, 0, -1)]
    assert _walk(_tree_text(levels)) == [*expected, (0, "last", _PAYLOAD)]


def test_a_tree_is_read_alike_however_deep() -> None:
    text = _tree_text(50)
    tree = deep.tree(text, BriefTree)
    assert tree == msgspec.json.decode(text, type=BriefTree)
    assert deep.plain(text) == json.loads(text)


def test_what_is_cut_off_or_wrong_is_no_tree() -> None:
    with pytest.raises(msgspec.DecodeError):
        deep.tree(_tree_text(3)[:-10], BriefTree)
    with pytest.raises(msgspec.ValidationError):
        deep.tree(_tree_text(3).replace(b'"tier": 1', b'"tier": "x"'), BriefTree)
    with pytest.raises(RecursionError):
        decode(Raw(b"[" * 200_000 + b"]" * 200_000), msgspec.json.Decoder(list[object]))


def test_one_that_is_called_by_name_is_plain_objects() -> None:
    tree = read(Raw(_tree_text(LEVELS)), object)
    assert isinstance(tree, dict)
    level, items = 0, tree["items"]
    while items[0]["children"]:
        level, items = level + 1, items[0]["children"]
    assert level == LEVELS


def test_the_command_line_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    method = next(each for each in contract().methods if each.name == "brief.tree")
    show(contract(), method, Raw(_tree_text(LEVELS)), Options(json=False), lambda: NOW)
    lines = capsys.readouterr().out.splitlines()
    assert "level" in lines[0]
    assert sum("done" in line for line in lines) == 2 * LEVELS + 1
    deep = read(Raw(b"[" * 200_000 + b"]" * 200_000), object)
    assert plain(deep).startswith("nested too deep")
