"""Where the state is kept, as the command line reads it from the daemon's configuration."""

from pathlib import Path

import pytest

from penholder.cli.terminal import store
from penholder.cli.terminal.failures import Failure


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "store = 3",
        pytest.param("x = " + "[" * 100_000, id="lists in lists"),
        pytest.param("x = " + "9" * 5_000, id="digits"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_told_with_its_file(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "penholderd.toml"
    file.write_text(text)
    with pytest.raises(Failure, match=r"penholderd\.toml: "):
        store.in_file(file)
