"""What `penholder_protocol.nouns` hands on is what its modules hold."""

from pathlib import Path

import pytest

from penholder_daemon.generate import nouns_index


def test_every_record_of_a_module_is_handed_on_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nouns_index, "NOUNS", tmp_path)
    (tmp_path / "words.py").write_text("class Word: ...\n")
    (tmp_path / "a.py").write_text("import b\nclass Zebra: ...\nclass Ant: ...\nclass _Own: ...\n")
    many = [f"Record{number:02}" for number in range(12)]
    (tmp_path / "b.py").write_text("".join(f"class {name}: ...\n" for name in many))
    text = nouns_index.render()
    assert "from penholder_protocol.nouns.a import Ant, Zebra\n" in text
    assert "from penholder_protocol.nouns.b import (\n        Record00,\n" in text
    assert "Word" not in text
    assert "Own" not in text
    listed = text.partition("__all__ = [\n")[2].partition("]\n")[0]
    assert [line.strip(' ",') for line in listed.splitlines()] == sorted(["Ant", *many, "Zebra"])
