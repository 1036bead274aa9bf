"""Lists on a terminal that is too narrow for them."""

import pytest

from penholder.cli.terminal.tables import print_list


@pytest.mark.parametrize("columns", ["30", "120"])
def test_what_is_cut_does_not_look_whole(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    items: list[dict[str, object]] = [{"first": "a" * 20, "second": "b" * 20}]
    print_list(items, "Anything")
    [row] = [line for line in capsys.readouterr().out.splitlines() if "aaa" in line]
    for letter, cell in zip("ab", row.split(), strict=True):
        assert cell == letter * 20 or cell.endswith("\u2026")
    assert ("\u2026" in row) == (columns == "30")
