"""What was released of the schema never changes: databases in the field have had those steps."""

import hashlib
import json
from collections.abc import Iterable

from penholder_daemon import migrations
from tests.frozen.make import HERE
from tests.tidy.source import require_none

RELEASED = {
    "0001_first": "a7fd4ff153522ad0bef763e1181f5f307beec034",
    "0002_tasks_messages_state_board": "94961f42ac61899724caf65b770338d2af5628fa",
    "0003_runs_sessions": "299b8e5ee6011cf54a5f07eca8505c2c376f881f",
    "0004_queue": "88143025e336f9b886db659c7f487485ccb19d97",
}
"""The steps of the releases so far: 0.1.0 has the first four. A release adds its own."""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _changed(steps: Iterable[tuple[str, str]]) -> list[str]:
    """Return the released steps that are not where they were, or not what they were."""
    found = [(name, _hash(sql)) for name, sql in steps]
    return [
        f"{released[0]} is not as it was released"
        for number, released in enumerate(RELEASED.items())
        if found[number : number + 1] != [released]
    ]


def test_released_steps_are_as_they_were_and_come_first() -> None:
    require_none(_changed(migrations.steps()))


def test_the_newest_released_schema_has_a_frozen_database() -> None:
    newest = HERE / f"schema_{len(RELEASED)}"
    assert newest.with_suffix(".db").exists()
    assert json.loads(newest.with_suffix(".json").read_text("utf-8"))


def test_a_change_of_what_is_released_is_noticed() -> None:
    first, second, *others = migrations.steps()
    assert len(_changed([(first[0], f"{first[1]} "), second, *others])) == 1
    assert len(_changed([second, first, *others])) == 2
    assert len(_changed([first, second])) == len(RELEASED) - 2
