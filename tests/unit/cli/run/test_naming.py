"""What a worker is called, also where others are named in the same moment."""

from collections.abc import Iterator

import pytest

from penholder.blocking import Client
from penholder.cli.run.naming import Naming, Taken, base_of
from tests.helpers.fake_daemon import AnsweringDaemon, Json
from tests.helpers.records import worker


class Fleet:
    """The workers of a controller, newest first."""

    def __init__(self, fake: AnsweringDaemon) -> None:
        """Answer with them."""
        self.rows: list[Json] = []
        fake.answers["worker.list"] = lambda _: {"items": self.rows, "next": None}

    def add(self, worker_id: str, label: str, state: str = "starting") -> None:
        """Make one."""
        self.rows.insert(0, worker(worker_id=worker_id, label=label, state=state))


@pytest.fixture
def fleet(fake_control: AnsweringDaemon) -> Fleet:
    """Give a controller without workers."""
    return Fleet(fake_control)


@pytest.fixture
def client(fake_control: AnsweringDaemon) -> Iterator[Client]:
    """Give a client of the daemon whose workers they are."""
    with Client(fake_control.path) as made:
        yield made


@pytest.mark.parametrize(
    ("program", "base"),
    [
        ("make", "make"),
        ("/usr/bin/python3.11", "python3.11"),
        ("/usr/bin/[", "run"),
        ("", "run"),
        ("-x", "x"),
        ("..", "run"),
        ("a b\nc", "a-b-c"),
        ("größe", "gr-e"),
        ("\udcff", "run"),
        ("n" * 300, "n" * 54),
    ],
)
def test_a_program_gives_its_name(program: str, base: str) -> None:
    assert base_of(program) == base
    assert len(f"{base_of(program)}-999999999") <= 64


def test_the_number_is_one_more_than_any_has_had(fleet: Fleet, client: Client) -> None:
    assert Naming(client, "c", None, "make").choose() == "make-1"
    fleet.add("w1", "make-7", "stopped")
    fleet.add("w2", "make-2")
    fleet.add("w3", "make-09x")
    fleet.add("w4", "remake-50")
    assert Naming(client, "c", None, "make").choose() == "make-8"


def test_of_two_with_one_name_the_later_gives_way(fleet: Fleet, client: Client) -> None:
    first, second = (Naming(client, "c", None, "make") for _ in range(2))
    assert first.choose() == second.choose() == "make-1"
    fleet.add("first", "make-1")
    fleet.add("second", "make-1")

    assert first.is_kept("first", "make-1")
    assert not second.is_kept("second", "make-1")
    assert second.choose() == "make-2"


def test_of_many_who_give_way_each_goes_on_to_a_number_of_its_own(
    fleet: Fleet, client: Client
) -> None:
    all_ = [Naming(client, "c", None, "make") for _ in range(4)]
    assert {naming.choose() for naming in all_} == {"make-1"}
    for number in range(4):
        fleet.add(str(number), "make-1")
    assert [naming.is_kept(str(n), "make-1") for n, naming in enumerate(all_)] == [
        True, False, False, False,
    ]  # fmt: skip
    assert [naming.choose() for naming in all_[1:]] == ["make-2", "make-3", "make-4"]


def test_a_name_of_a_living_worker_is_taken(fleet: Fleet, client: Client) -> None:
    naming = Naming(client, "c", "api", "make")
    fleet.add("w1", "api", "stopped")
    assert naming.choose() == "api"
    fleet.add("w2", "api")
    with pytest.raises(Taken, match=r"'api' is the name of a living worker already \(w2\)"):
        naming.choose()


def test_a_name_that_was_taken_meanwhile_is_given_back(fleet: Fleet, client: Client) -> None:
    naming = Naming(client, "c", "api", "make")
    fleet.add("old", "other", "stopped")
    naming.choose()
    fleet.add("theirs", "api")
    fleet.add("ours", "api")
    with pytest.raises(Taken, match="theirs"):
        naming.is_kept("ours", "api")


def test_one_that_comes_later_takes_nothing_away(fleet: Fleet, client: Client) -> None:
    naming = Naming(client, "c", "api", "make")
    naming.choose()
    fleet.add("ours", "api")
    fleet.add("theirs", "api")
    assert naming.is_kept("ours", "api")
