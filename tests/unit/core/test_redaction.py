"""Secrets are replaced before they are stored, at any depth, and nothing else is touched."""

import json
import tracemalloc

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from penholder_daemon.core.redaction import REDACTED, names_secret, redact

SECRET = [
    "token", "TOKEN", "Token", "access_token", "accessToken", "X-Auth-Token", "github.token",
    "password", "passwords", "db_password", "dbPassword", "passwd", "passphrase",
    "authorization", "Authorization", "Proxy-Authorization", "authorization_header",
    "api_key", "apiKey", "API_KEY", "x-api-key", "apikey", "OPENAI_API_KEY", "api_keys",
    "secret", "secrets", "client_secret", "clientSecret", "secret_value", "password_hash",
    "secret_key", "AWS_SECRET_ACCESS_KEY", "private_key", "credentials", "cookie", "Set-Cookie",
]  # fmt: skip
HARMLESS = [
    "tokens", "input_tokens", "total_tokens", "max_tokens", "token_count", "tokenizer",
    "secret_name", "secretary", "key", "keys", "key_id", "monkey", "author", "pass", "passed",
    "text", "", "_", "value", "header", "cookie_policy", "authorized",
]  # fmt: skip


LONG = "say it in so many words " * 20 + "password"


@pytest.mark.parametrize("key", SECRET)
def test_keys_that_name_secrets(key: str) -> None:
    assert names_secret(key)


@pytest.mark.parametrize("key", HARMLESS)
def test_keys_that_do_not(key: str) -> None:
    assert not names_secret(key)


def _raw(value: object) -> Raw:
    return Raw(msgspec.json.encode(value))


def _redacted(value: object) -> object:
    return msgspec.json.decode(redact(_raw(value)))


def test_values_are_replaced_at_any_depth_whatever_they_are() -> None:
    assert _redacted(
        {
            "token": 1,
            "a": [{"password": {"deep": "er"}}, [{"Secret": None, "b": 2}]],
            "headers": {"Authorization": ["Bearer", "x"], "accept": "*"},
            "text": "the token is x",
        }
    ) == {
        "token": REDACTED,
        "a": [{"password": REDACTED}, [{"Secret": REDACTED, "b": 2}]],
        "headers": {"Authorization": REDACTED, "accept": "*"},
        "text": "the token is x",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"access_tokens": ["a", "b"]}, {"access_tokens": REDACTED}),
        ({"tokens": {"github": "a"}}, {"tokens": REDACTED}),
        ({"refreshTokens": "a"}, {"refreshTokens": REDACTED}),
        ({"input_tokens": 12, "max_tokens": None}, {"input_tokens": 12, "max_tokens": None}),
        ({"tokens": [1, 2], "total_tokens": [[3]]}, {"tokens": [1, 2], "total_tokens": [[3]]}),
        ({"private_keys": ["k"], "cookies": [{}]}, {"private_keys": REDACTED, "cookies": REDACTED}),
        (
            {"x": [{"name": "Authorization", "value": "Bearer x"}, {"name": "a", "value": 1}]},
            {"x": [{"name": "Authorization", "value": REDACTED}, {"name": "a", "value": 1}]},
        ),
        ({"Key": "API_TOKEN", "Value": {"a": "b"}}, {"Key": "API_TOKEN", "Value": REDACTED}),
        ({"value": "x", "name": "db.password"}, {"value": REDACTED, "name": "db.password"}),
        ({"header_name": "Set-Cookie", "header_value": "x"}, None),
        ({"name": "access_tokens", "values": ["x"]}, {"name": "access_tokens", "values": REDACTED}),
        (
            [["Authorization", "Bearer x"], ["Accept", "*"]],
            [["Authorization", REDACTED], ["Accept", "*"]],
        ),
        ([["password", "email"], ["Accept"]], [["password", "email"], ["Accept"]]),
        (["password", "email"], ["password", "email"]),
        ({"name": LONG, "value": "v"}, {"name": LONG, "value": "v"}),
        ({"name": "the token", "text": "a"}, {"name": "the token", "text": "a"}),
    ],
)  # fmt: skip
def test_secrets_that_are_named_in_the_plural_or_by_a_value(
    value: object, expected: object
) -> None:
    named = {"header_name": "Set-Cookie", "header_value": REDACTED}
    assert _redacted(value) == (named if expected is None else expected)


def test_a_key_that_comes_twice_is_no_way_around() -> None:
    found = redact(Raw(b'{"token":"a","token":"b","x":{"token":"c","token":1}}'))
    assert b'"a"' not in bytes(found)
    assert b'"b"' not in bytes(found)
    assert msgspec.json.decode(found) == {"token": REDACTED, "x": {"token": REDACTED}}


def test_other_values_stay_to_the_byte() -> None:
    numbers = Raw(b'{"n":123456789012345678901234567890,"f":1.50,"key":1e999}')
    assert redact(numbers) == numbers
    beside = redact(Raw(b'{"n":123456789012345678901234567890,"f":1.50,"token":1}'))
    assert bytes(beside) == b'{"n":123456789012345678901234567890,"f":1.50,"token":"[redacted]"}'


def test_the_deepest_value_that_is_accepted() -> None:
    value: object = {"token": "x"}
    for _ in range(63):
        value = [value]
    assert b'"x"' not in bytes(redact(_raw(value)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*SECRET[:8], *HARMLESS]), inner, max_size=4)
    ),
    max_leaves=12,
)


def _leaks(value: object) -> bool:
    """Walk plainly: no key that names a secret may have another value than the mark."""
    if isinstance(value, dict):
        return any(
            value[key] != REDACTED if names_secret(key) else _leaks(value[key]) for key in value
        )
    return any(map(_leaks, value)) if isinstance(value, list) else False


@given(JSON)
def test_no_value_of_a_secret_key_passes_a_plain_walk(value: object) -> None:
    assert not _leaks(_redacted(value))
    assert _redacted(_redacted(value)) == _redacted(value)


def test_long_keys_are_judged_by_their_end() -> None:
    assert names_secret("x" * 100_000 + "_api_token")
    assert not names_secret("x" * 100_000 + "_tokens_used")
    assert _redacted({"x" * 100_000 + "_tokens": "abc"}) == {"x" * 100_000 + "_tokens": REDACTED}


@pytest.mark.parametrize(
    "payload",
    [
        {"%s_key_id": 1}, {"%s_api_token": 1}, {"%s_tokens": 1}, {"%s_tokens": "t"},
        {"name": "%s_token", "value": "v"}, {"%s": "token", "value": "v"},
        {"name": "token", "%s": "v"}, [["%s_token", "v"]], {"in": [{"%s-value": "token"}]},
    ],
)  # fmt: skip
def test_nothing_of_long_keys_is_kept(payload: object) -> None:
    text = json.dumps(payload)
    redact(Raw(text.encode()))
    tracemalloc.start()
    try:
        for number in range(40):
            # Each differs at its beginning alone, which no cache has seen.
            redact(Raw((text % f"{number}{'x' * 100_000}").encode()))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 100_000
