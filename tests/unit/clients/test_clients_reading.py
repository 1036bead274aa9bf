"""Answers with numbers that were stored when anything was: the clients and tables stand them."""

from decimal import Decimal

import msgspec
import pytest
from msgspec import Raw

from penholder._reading import read
from penholder.commands.output import plain, show
from penholder.commands.spec import contract

DIGITS = "9" * 5000


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
    show(contract(), method, page, as_json=False)
    assert "event_seq" in capsys.readouterr().out
    assert plain({"n": Decimal("1e400")}) == '{"n":1E+400}'
