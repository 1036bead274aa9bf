"""JSON-RPC 2.0 to the letter: the specification's own examples, and what is not in them."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw

from penholder_protocol import errors, jsonrpc
from penholder_protocol.jsonrpc import Fault, Message, Request
from penholder_protocol.limits import MAX_BATCH, MAX_FRAME_BYTES, MAX_REQUEST_ID_BYTES

PARSE, INVALID = -32700, -32600


def _sum(message: Message | list[Message]) -> object:
    """Boil a parsed frame down to what the specification's examples say of it."""
    if isinstance(message, list):
        return [_sum(each) for each in message]
    if isinstance(message, Fault):
        return message.error.number, json.loads(message.id)
    return message.method, json.loads(message.params), message.id_text


SPECIFICATION: list[tuple[bytes, object]] = [
    # rpc call with named parameters
    (
        b'{"jsonrpc":"2.0","method":"subtract","params":{"subtrahend":23,"minuend":42},"id":3}',
        ("subtract", {"subtrahend": 23, "minuend": 42}, "3"),
    ),
    # positional parameters parse, and are refused with -32602 by whoever decodes them
    (
        b'{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
        ("subtract", [42, 23], "1"),
    ),
    # a notification
    (b'{"jsonrpc": "2.0", "method": "foobar"}', ("foobar", {}, None)),
    # rpc call with invalid JSON
    (b'{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', (PARSE, None)),
    # rpc call with invalid Request object
    (b'{"jsonrpc": "2.0", "method": 1, "params": "bar"}', (INVALID, None)),
    # rpc call Batch, invalid JSON
    (
        b'[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},'
        b' {"jsonrpc": "2.0", "method" ]',
        (PARSE, None),
    ),
    # rpc call with an empty Array
    (b"[]", (INVALID, None)),
    # rpc call with an invalid Batch (but not empty)
    (b"[1]", [(INVALID, None)]),
    # rpc call with invalid Batch
    (b"[1,2,3]", [(INVALID, None)] * 3),
    # rpc call Batch
    (
        b'[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},'
        b'{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},'
        b'{"foo": "boo"},'
        b'{"jsonrpc": "2.0", "method": "get_data", "id": "9"}]',
        [
            ("sum", [1, 2, 4], "1"),
            ("notify_hello", [7], None),
            (INVALID, None),
            ("get_data", {}, "9"),
        ],
    ),
]


@pytest.mark.parametrize(("frame", "expected"), SPECIFICATION)
def test_the_specifications_examples(frame: bytes, expected: object) -> None:
    assert _sum(jsonrpc.parse(frame)) == expected


OTHERS: list[tuple[bytes, object]] = [
    (b"1", (INVALID, None)),
    (b'"x"', (INVALID, None)),
    (b"null", (INVALID, None)),
    (b"{}", (INVALID, None)),
    (b"\xff", (PARSE, None)),
    (b'{"jsonrpc":"2.0","method":"a\xff","id":1}', (PARSE, None)),
    (b'\xef\xbb\xbf{"jsonrpc":"2.0","method":"a","id":1}', (PARSE, None)),
    (b'{"jsonrpc":"2.0","id":5}', (INVALID, 5)),
    (b'{"jsonrpc":"1.0","method":"a","id":"x"}', (INVALID, "x")),
    (b'{"jsonrpc":2.0,"method":"a","id":1}', (INVALID, 1)),
    (b'{"method":"a","id":1}', (INVALID, 1)),
    (b'{"jsonrpc":"2.0","method":null,"id":1}', (INVALID, 1)),
    (b'{"jsonrpc":"2.0","method":"a","params":null,"id":1}', (INVALID, 1)),
    (b'{"jsonrpc":"2.0","method":"a","params":"x","id":1}', (INVALID, 1)),
    (b'{"jsonrpc":"2.0","method":"a","params":1}', (INVALID, None)),
    (b'{"jsonrpc":"2.0","method":"a","id":null}', (INVALID, None)),
    (b'{"jsonrpc":"2.0","method":"a","id":1.0}', (INVALID, None)),
    (b'{"jsonrpc":"2.0","method":"a","id":1e2}', (INVALID, None)),
    (b'{"jsonrpc":"2.0","method":"a","id":{}}', (INVALID, None)),
    (b'{"jsonrpc":"2.0","method":"a","id":true}', (INVALID, None)),
    (b'{"jsonrpc":"2.0","method":"a","id":-7}', ("a", {}, "-7")),
    (b'{"jsonrpc":"2.0","method":"a","id":""}', ("a", {}, "")),
    (b'{"jsonrpc":"2.0","method":"a","id":"\\u00fc"}', ("a", {}, "\u00fc")),
    (b'{"jsonrpc":"2.0","method":"a","id":1,"extra":[1]}', ("a", {}, "1")),
    (b'\t {"jsonrpc":"2.0","method":"a","id":1} \r', ("a", {}, "1")),
]


@pytest.mark.parametrize(("frame", "expected"), OTHERS)
def test_other_faults_and_their_ids(frame: bytes, expected: object) -> None:
    assert _sum(jsonrpc.parse(frame)) == expected


@pytest.mark.parametrize(
    "frame",
    [
        b'{"jsonrpc":"2.0","method":1,"params":"bar","baz]',
        b'{"jsonrpc":2,"id":1,"method":"a"',
        b'{"jsonrpc":2} x',
        b"1x",
        b"1 2",
        b'"abc',
        b"nul",
        b"[1 2]",
        b"[" * 2,
        b'{"jsonrpc":"2.0","method":"a","id":01}',
        b'{"jsonrpc":"2.0","method":"a","params":{"a":NaN}}',
        b'{"jsonrpc":"2.0","method":"a","params":{"a":"\\ud800"}}',
        b'{"jsonrpc":"2.0","method":"a","params":{"a":"\x01"}}',
    ],
)
def test_what_is_no_json_is_a_parse_error_wherever_it_breaks(frame: bytes) -> None:
    assert _sum(jsonrpc.parse(frame)) == (PARSE, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["jsonrpc", "method", "id", "params"]) | st.text(max_size=3), inner
        )
    ),
    max_leaves=8,
)


@given(JSON, st.data())
def test_every_frame_gets_one_verdict_and_never_an_exception(
    value: object, data: st.DataObject
) -> None:
    frame = json.dumps(value).encode()
    cut = data.draw(st.integers(0, len(frame)))
    for each in (frame, frame[:cut], frame[:cut] + b'"' + frame[cut:]):
        if not each.strip():
            continue
        found = jsonrpc.parse(each)
        try:
            # Encoding it again refuses halves of surrogate pairs, which Python's reader takes.
            json.dumps(json.loads(each), ensure_ascii=False).encode()
        except ValueError:
            assert isinstance(found, Fault)
            assert found.error.number == PARSE
        else:
            numbers = [
                message.error.number
                for message in (found if isinstance(found, list) else [found])
                if isinstance(message, Fault)
            ]
            assert PARSE not in numbers


def test_a_batch_is_bounded() -> None:
    one = b'{"jsonrpc":"2.0","method":"a"}'
    full = jsonrpc.parse(b"[" + b",".join([one] * MAX_BATCH) + b"]")
    assert isinstance(full, list)
    assert len(full) == MAX_BATCH
    over = jsonrpc.parse(b"[" + b",".join([one] * (MAX_BATCH + 1)) + b"]")
    assert isinstance(over, Fault)
    assert over.error.details == {"limit": "MAX_BATCH", "maximum": MAX_BATCH}


@pytest.mark.parametrize("digit", [b"1", b'"'])
def test_an_id_is_bounded(digit: bytes) -> None:
    """Every entry keeps the id of its request, so a long one would be stored a thousand times."""

    def parse(length: int) -> Message | list[Message]:
        text = b"1" * length if digit == b"1" else b'"' + b"x" * (length - 2) + b'"'
        return jsonrpc.parse(b'{"jsonrpc":"2.0","method":"a","id":' + text + b"}")

    assert isinstance(parse(MAX_REQUEST_ID_BYTES), Request)
    over = parse(MAX_REQUEST_ID_BYTES + 1)
    assert isinstance(over, Fault)
    assert over.id == b"null"
    assert over.error.details["limit"] == "MAX_REQUEST_ID_BYTES"


@pytest.mark.parametrize("frame", [b"[" * 500_000, b'{"jsonrpc":"2.0","params":' + b"[" * 500_000])
def test_deep_nesting_is_refused_not_a_crash(frame: bytes) -> None:
    found = jsonrpc.parse(frame)
    assert isinstance(found, Fault)
    assert found.error.number in (PARSE, errors.ValueTooLarge.number)


def test_answers_echo_the_id_exactly() -> None:
    line = jsonrpc.result(b'"\\u0061"', b"null")
    assert line == b'{"jsonrpc":"2.0","id":"\\u0061","result":null}'


def test_an_error_says_class_name_and_details() -> None:
    refusal = errors.Fenced("stale", worker_id="w", current_epoch=3)
    assert json.loads(jsonrpc.error(b"7", refusal)) == {
        "jsonrpc": "2.0",
        "id": 7,
        "error": {
            "code": 1003,
            "message": "stale",
            "data": {
                "code": "FENCED",
                "retryable": False,
                "details": {"worker_id": "w", "current_epoch": 3},
            },
        },
    }


def test_an_error_fits_a_frame_whatever_its_message() -> None:
    sent = "\x00" * MAX_FRAME_BYTES
    line = jsonrpc.error(b"1", errors.InvalidParams(sent, param=sent, known=["a"], limit=None))
    assert len(line) <= MAX_FRAME_BYTES


def test_answers_of_a_batch_are_one_array_that_fits_or_several() -> None:
    small = [b"1", b"22", b"333"]
    assert jsonrpc.batch(small) == [b"[1,22,333]"]
    assert jsonrpc.batch([]) == []
    half = b"x" * (MAX_FRAME_BYTES // 2)
    arrays = jsonrpc.batch([half, half, half])
    assert len(arrays) == 3
    full = [b"x" * (MAX_FRAME_BYTES - 5), b"y"]
    assert jsonrpc.batch(full) == [b"[" + b",".join(full) + b"]"]
    assert len(jsonrpc.batch([full[0] + b"x", b"y"])) == 2


def test_what_a_client_sends_and_reads() -> None:
    line = jsonrpc.request("f-7", "a.b", b'{"x":1}')
    assert line.endswith(b"\n")
    parsed = jsonrpc.parse(line[:-1])
    assert isinstance(parsed, Request)
    assert (parsed.method, parsed.id, parsed.params) == ("a.b", b'"f-7"', b'{"x":1}')
    answer = jsonrpc.read_incoming(jsonrpc.error(b"7", errors.Busy("full", limit="L")))
    assert answer.error is not None
    assert answer.error.data is not None
    assert (answer.id, answer.error.code, answer.error.data.code) == (7, 1007, "BUSY")
    assert answer.error.data.retryable
    notice = jsonrpc.read_incoming(jsonrpc.notification("journal.entries", b"{}"))
    assert (notice.method, notice.id) == ("journal.entries", None)


def test_an_answer_that_came_alone_is_read_at_once() -> None:
    for body in (b"null", b'{"a":"}\\n"}', b"[1,2]"):
        chunk = jsonrpc.result(b'"f-7"', body) + b"\n"
        assert jsonrpc.read_result(chunk, "f-7", jsonrpc.as_raw) == Raw(body)


@pytest.mark.parametrize(
    "chunk",
    [
        jsonrpc.result(b'"f-70"', b"1") + b"\n",
        jsonrpc.result(b"7", b"1") + b"\n",
        jsonrpc.result(b'"f-7"', b"1"),
        jsonrpc.result(b'"f-7"', b"1") + b"\n" + jsonrpc.notification("m", b"{}") + b"\n",
        jsonrpc.result(b'"f-7"', b"1") + b"\n" + jsonrpc.notification("m", b"{}")[:9],
        b'{"jsonrpc":"2.0","id":"f-7","result":1,"more":2}\n',
        b'{"jsonrpc":"2.0","id":"f-7","result":{"a":1}\n',
        b'{"jsonrpc": "2.0","id":"f-7","result":1}\n',
        jsonrpc.error(b'"f-7"', errors.Busy()) + b"\n",
    ],
)
def test_what_may_be_more_than_the_answer_is_not(chunk: bytes) -> None:
    assert jsonrpc.read_result(chunk, "f-7", jsonrpc.as_raw) is UNSET


def test_nor_is_one_of_another_type_than_is_read() -> None:
    chunk = jsonrpc.result(b'"f-7"', b'"text"') + b"\n"
    assert jsonrpc.read_result(chunk, "f-7", msgspec.json.Decoder(int).decode) is UNSET
    # What is null is no answer that is still to be read.
    assert jsonrpc.read_result(chunk.replace(b'"text"', b"null"), "f-7", json.loads) is None


def test_a_result_deeper_than_a_decoder_goes_is_taken_as_it_stands() -> None:
    deep = b'{"items":[' * 3000 + b"]}" * 3000
    for request_id in (b"7", b'"a\\"b"'):
        answer = jsonrpc.read_incoming(jsonrpc.result(request_id, deep))
        assert answer.id == json.loads(request_id)
        assert answer.result == Raw(deep)
    deeper = b"[" * 200_000 + b"]" * 200_000
    with pytest.raises(RecursionError):
        jsonrpc.read_incoming(b'{"method":"m","params":' + deeper + b"}")
