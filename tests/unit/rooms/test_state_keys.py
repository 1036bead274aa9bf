"""Keys of the state room: any characters, in order of code points, by literal prefix."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penholder_protocol import errors
from tests.helpers.bindings import at, bind, keys
from tests.helpers.harness import Bench

# What trips stores up: the wildcards of LIKE, case, NUL, the ends of the planes, surrogates' place.
TRICKY = ["", "a", "A", "b", "%", "_", "\\", "\0", "\x7f", "\x80", "é", "ÿ", "\ud7ff", "\ue000",
          "\uffff", "\U00010000", "\U0010ffff", "'", '"', "\n"]  # fmt: skip
WORDS = st.lists(st.sampled_from(TRICKY), max_size=4).map("".join) | st.text(max_size=6)
ALIAS = "conversation_id"


def _filled(names: set[str]) -> Bench:
    bench = Bench()
    bind(bench)
    for number, name in enumerate(sorted(names)):
        bench.call("state.set", **at(), key=name, value=number)
    return bench


@settings(max_examples=150, deadline=None)
@given(
    st.sets(WORDS, max_size=12),
    st.just("") | st.sampled_from(TRICKY) | WORDS,
    st.none() | WORDS,
    st.integers(1, 12),
)
def test_a_list_is_sorted_by_code_point_and_cut_by_literal_prefix(
    names: set[str], prefix: str, after_key: str | None, limit: int
) -> None:
    bench = _filled(names)
    expected = [
        name
        for name in sorted(names)
        if name.startswith(prefix) and (after_key is None or name > after_key)
    ]
    answer = bench.call("state.list", **at(), prefix=prefix, after_key=after_key, limit=limit)
    assert answer == {"keys": expected[:limit], "has_more": len(expected) > limit}


def test_every_pair_of_tricky_characters_is_in_its_place() -> None:
    names = {one + other for one in TRICKY for other in TRICKY}
    bench = _filled(names)
    found = keys(bench)
    while len(found) < len(names):
        found += keys(bench, after_key=found[-1])
    assert found == sorted(names)
    for prefix in TRICKY[1:]:
        assert set(keys(bench, prefix=prefix)) == {n for n in names if n.startswith(prefix)}


@settings(max_examples=60, deadline=None)
@given(st.sets(WORDS, max_size=8))
def test_every_key_holds_its_own_value(names: set[str]) -> None:
    bench = _filled(names)
    for number, name in enumerate(sorted(names)):
        assert bench.call("state.get", **at(), key=name)["value"] == number
    assert set(bench.call("state.snapshot", runner_id="r1", binding_identity="b1")["runner"]) == (
        names
    )
    for name in names:
        bench.call("state.delete", **at(), key=name)
    assert keys(bench) == []


@pytest.mark.parametrize("wildcard", ["%", "_", "*", "?", "[a", "A"])
def test_a_prefix_is_no_pattern(wildcard: str) -> None:
    bench = _filled({"abc", "axc"})
    assert keys(bench, prefix=wildcard) == []
    bench.call("state.set", **at(), key=f"{wildcard}1", value=1)
    assert keys(bench, prefix=wildcard) == [f"{wildcard}1"]


def test_the_whole_of_a_scope_is_walked_by_its_keys() -> None:
    names = {f"k{number:03d}" for number in range(250)}
    bench = _filled(names)
    seen: list[str] = []
    after_key: str | None = None
    while True:
        answer = bench.call("state.list", **at(), prefix="k", after_key=after_key, limit=1000)
        assert len(answer["keys"]) <= 100
        seen += answer["keys"]
        # Keys that come and go before the walk's place change nothing of what follows.
        bench.call("state.delete", **at(), key=answer["keys"][0])
        bench.call("state.set", **at(), key="k", value=0)
        after_key = answer["keys"][-1]
        if not answer["has_more"]:
            break
    assert seen == sorted(names)


def test_a_key_has_up_to_255_characters(bench: Bench) -> None:
    bind(bench)
    for key in ("", "k" * 255, "\U0010ffff" * 255, "\0" * 255):
        bench.call("state.set", **at(), key=key, value=1)
    assert len(keys(bench)) == 4
    for method in ("state.get", "state.delete"):
        bench.refused(errors.InvalidParams, method, **at(), key="k" * 256)
    bench.refused(errors.InvalidParams, "state.list", **at(), prefix="k" * 256)


def test_an_alias_is_the_key_that_it_stands_for(bench: Bench) -> None:
    bind(bench)
    entry = bench.call("state.set", **at(), key=ALIAS, value="c9")
    assert entry["key"] == "external.conversation_id"
    assert keys(bench) == ["external.conversation_id"]
    for name in (ALIAS, "external.conversation_id"):
        assert bench.call("state.get", **at(), key=name)["value"] == "c9"
    assert keys(bench, prefix=ALIAS) == ["external.conversation_id"]
    assert keys(bench, after_key=ALIAS) == []
    assert bench.call("state.delete", **at(), key=ALIAS) == {"deleted": True}
    assert keys(bench) == []


def test_an_alias_is_one_as_a_whole_only(bench: Bench) -> None:
    bind(bench)
    for key in ("conversation_id2", "my.conversation_id", "Conversation_id", "conversation_i"):
        assert bench.call("state.set", **at(), key=key, value=1)["key"] == key
    assert keys(bench, prefix="conversation_i") == ["conversation_i", "conversation_id2"]
    assert keys(bench, prefix=ALIAS) == []
