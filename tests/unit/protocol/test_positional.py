"""Records made by position."""

import pytest

from penholder_protocol.nouns.leases import Lease
from penholder_protocol.positional import positional


def test_values_go_to_the_fields_in_the_order_that_was_named() -> None:
    fields = Lease.__struct_fields__
    made = positional(Lease, fields[::-1])(*range(len(fields)))
    assert {name: getattr(made, name) for name in fields} == {
        name: at for at, name in enumerate(fields[::-1])
    }


def test_a_field_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="Lease has no field nothing"):
        positional(Lease, ["epoch", "nothing"])
