"""Where the state of a directory is, as the directory keeps it."""

import os
import stat
from pathlib import Path

import pytest

from penholder_daemon.shell.disk.paths import UnusablePath
from penholder_daemon.shell.store import place
from penholder_daemon.shell.store.place import OWN, OtherStore

_FLEET = "postgresql://penholder@db.example/fleet"


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """Give a state directory that has a database."""
    (tmp_path / "penholder.db").touch()
    return tmp_path


def test_it_is_kept_privately_and_read_again(tmp_path: Path) -> None:
    assert place.remembered(tmp_path) is None
    for each in (OWN, _FLEET, f"{OWN}/away/ü.db"):
        place.remember(tmp_path, each)
        assert place.remembered(tmp_path) == each
    (kept,) = tmp_path.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    place.remember(tmp_path, _FLEET)
    before = (tmp_path / "store_place").stat()
    place.remember(tmp_path, _FLEET)
    assert (tmp_path / "store_place").stat().st_ino == before.st_ino


@pytest.mark.parametrize("url", [None, _FLEET])
def test_a_directory_of_before_goes_on_with_either(state_dir: Path, url: str | None) -> None:
    place.refuse_other(state_dir, url)


@pytest.mark.parametrize(
    ("known", "url"),
    [
        (OWN, None),
        (_FLEET, f"{_FLEET}?sslmode=verify-full&sslrootcert=/ca.pem"),
        (_FLEET, "postgres://another@DB.example:5432/fleet"),
        (_FLEET, "postgresql:///fleet?host=db.example"),
        ("postgresql://ada@h", "postgresql://h/ada"),
        ("postgresql://%2Frun%2Fpg/p", "postgresql:///p?host=/run/pg&user=ada"),
        ("postgresql://[::1]:5433/p", "postgresql:///p?host=::1&port=5433"),
        ("postgresql://a,b:5432/p", "postgresql://a:5432,b/p"),
        ("postgresql:///?service=fleet", "postgresql:///?service=fleet&sslmode=require"),
    ],
)
def test_the_same_store_under_another_spelling_is_the_same(
    state_dir: Path, known: str, url: str | None
) -> None:
    place.remember(state_dir, known)
    place.refuse_other(state_dir, url)


@pytest.mark.parametrize(
    ("known", "url", "way_on"),
    [
        (_FLEET, None, "set `[store] url` or PENHOLDER_STORE_URL"),
        (_FLEET, None, "penholder store move --to sqlite:`"),
        (OWN, _FLEET, f"penholder store move --to {_FLEET}`"),
        (_FLEET, "postgresql://db.example/other", "set `[store] url`"),
        (_FLEET, "postgresql://elsewhere/fleet", "set `[store] url`"),
        (_FLEET, "postgresql://db.example:5433/fleet", "set `[store] url`"),
        ("postgresql:///?service=a", "postgresql:///?service=b", "set `[store] url`"),
        (f"{OWN}/moved.db", None, "penholder restore /moved.db`"),
        (f"{OWN}/moved.db", _FLEET, "penholder restore /moved.db`"),
    ],
)
def test_another_store_is_refused_with_where_the_state_is(
    state_dir: Path, known: str, url: str | None, way_on: str
) -> None:
    place.remember(state_dir, known)
    with pytest.raises(OtherStore) as told:
        place.refuse_other(state_dir, url)
    assert all(word in str(told.value) for word in (way_on, "--change-store"))
    assert place.named(known, state_dir) in str(told.value)


def test_who_has_put_the_database_away_may_begin_elsewhere(state_dir: Path) -> None:
    place.remember(state_dir, OWN)
    (state_dir / "penholder.db").unlink()
    place.refuse_other(state_dir, _FLEET)


@pytest.mark.parametrize("text", ["", "mysql://h/p", "\0"])
def test_what_says_no_place_is_not_guessed_at(state_dir: Path, text: str) -> None:
    (state_dir / "store_place").write_text(text)
    with pytest.raises(UnusablePath, match="does not say where the state is"):
        place.refuse_other(state_dir, None)


def test_a_pipe_is_not_waited_for(state_dir: Path) -> None:
    os.mkfifo(state_dir / "store_place")
    with pytest.raises(UnusablePath, match="does not say"):
        place.remembered(state_dir)
