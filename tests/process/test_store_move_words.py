"""`penholder store move` as it is typed: what it says, and how it ends."""

import os
import subprocess
from pathlib import Path

import pytest

from penholder_daemon.refusals import Refused
from penholder_daemon.transferring import urls
from tests.helpers.moving_stores import Stores, lived_in
from tests.helpers.programs import PENHOLDER, TIMEOUT_S, Ran


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    """Give a state directory that was lived in, and an empty database of PostgreSQL."""
    return lived_in(tmp_path)


def _move(state_dir: Path, *words: str, **more: str) -> Ran:
    home = state_dir.parent
    done = subprocess.run(
        [PENHOLDER, "store", "move", "--state-dir", str(state_dir), *words],
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONWARNINGS": "error", **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_there_by_its_words_and_back_by_the_configuration(stores: Stores) -> None:
    there = _move(stores.state_dir, "--to", stores.url, "--no-json")
    assert (there.code, there.err) == (0, "")
    first, *rest = there.out.splitlines()
    assert f"from {stores.database} to PostgreSQL database moved_" in first
    assert any("start no daemon on it again" in line for line in rest)
    assert any("[store] url = " in line for line in rest)

    config = stores.state_dir.parent / "penholderd.toml"
    config.write_text(f"[store]\nurl = '{stores.url}'\n")
    back = stores.state_dir.parent / "back.db"
    done = _move(stores.state_dir, "--to", f"sqlite:{back}", PENHOLDER_CONFIG=str(config))
    assert done.code == 0, done.err
    assert done.json["target"] == str(back)
    assert done.json["tables"]["journal"]["rows"] > 10
    assert done.json["dry_run"] is False
    assert back.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@h/d", "postgresql://u@h/d?password=secret"], ids=["before", "in"]
)
def test_a_password_among_the_words_is_refused_with_where_it_goes(url: str) -> None:
    with pytest.raises(Refused) as told:
        urls.refuse_password(url)
    assert all(word in str(told.value) for word in ("PGPASSFILE", "PGSERVICE", "password_file"))
    assert "secret" not in str(told.value)


def test_a_password_from_a_file_is_used_and_a_missing_file_told(stores: Stores) -> None:
    config = stores.state_dir.parent / "penholderd.toml"
    file = stores.state_dir.parent / "password"
    for text in (f"url = '{stores.url}'\npassword_file = '{file}'", f"password_file = '{file}'"):
        config.write_text(f"[store]\n{text}\n")
        missing = _move(stores.state_dir, "--to", stores.url, PENHOLDER_CONFIG=str(config))
        assert missing.code == 11
        assert str(file) in missing.err
    file.write_text("secret\n")
    file.chmod(0o600)
    words = ("--to", stores.url, "--dry-run", "--no-json")
    done = _move(stores.state_dir, *words, PENHOLDER_CONFIG=str(config))
    assert done.code == 0, done.err
    assert "would move" in done.out
    assert "would end: 1 owners" in done.out
    assert "start no daemon" not in done.out
    assert stores.schemas() == set()


def test_a_server_that_is_not_there_is_a_fault_of_the_store(stores: Stores) -> None:
    url = f"postgresql://u@/d?host={stores.state_dir}/none"
    done = _move(stores.state_dir, "--to", url, "--json")
    assert done.code == 11
    assert "nothing was moved" in done.err
    assert done.err.startswith('{"error"')


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    done = _move(tmp_path / "s", "--to", "postgresql://u:secret@h/d")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert _move(tmp_path / "s").code == 2
    shown = "postgresql://u:secret@h/d"
    done = _move(tmp_path / "s", "--to", f"sqlite:{tmp_path / 'b.db'}", PENHOLDER_STORE_URL=shown)
    assert (done.code, "PGPASSFILE" in done.err, "secret" in done.err) == (1, True, False)
    with pytest.raises(Refused, match="no URL of PostgreSQL"):
        urls.refuse_password("postgresql:///a b?c=d")


def test_another_verb_is_refused_and_help_lists_the_one() -> None:
    for words, code in ((["store", "--help"], 0), (["store", "remove"], 2)):
        done = subprocess.run([PENHOLDER, *words], capture_output=True, timeout=60, check=False)
        assert done.returncode == code
    assert b"move" in done.stderr


@pytest.mark.parametrize(
    "words", [("import", "jsonl", "-"), ("export",), ("restore", "backup.db")], ids=" ".join
)
def test_words_that_work_on_a_file_say_so_where_there_is_none(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    env = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "PENHOLDER_STORE_URL": "postgresql:///p",
    }
    done = subprocess.run(
        [PENHOLDER, *words],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
        text=True,
    )
    assert done.returncode == 1
    assert f"`penholder {words[0]}` works on SQLite's file" in done.stderr
    assert list(tmp_path.iterdir()) == []
