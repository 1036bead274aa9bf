"""Reads that stay few, however much there is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder.blocking import Client
from penholder.cli.timeline.density import density
from penholder.cli.timeline.facts import Happening
from penholder.cli.timeline.reading import Journal
from penholder.cli.timeline.sampling import WHOLE_PAGES, Sampled
from penholder_protocol.errors import CursorGone
from tests.helpers.big_stream import BigStream
from tests.helpers.fake_daemon import AnsweringDaemon, Json
from tests.helpers.timelines import BEGIN_MS

STREAM = "worker:w"
MILLION = 1_000_000
SCANS = 50


def sampled(client: Client, end: int, samples: int) -> Sampled:
    """Read the stream up to a position."""
    return Sampled(Journal(client), STREAM, 0, end, samples=samples, scans=SCANS)


@pytest.fixture
def client(fake_control: AnsweringDaemon, cli_home: Path) -> Iterator[Client]:
    """Give a client of the daemon that is none."""
    with Client(cli_home / "run" / "control.sock") as client:
        yield client


def serve(fake: AnsweringDaemon, stream: BigStream) -> BigStream:
    """Have the daemon answer with a stream."""

    def read(params: Json) -> Json:
        if params["after"] < stream.pruned:
            raise CursorGone("gone", stream=STREAM, oldest_pos=stream.pruned + 1)
        return stream.read(params)

    fake.answers["journal.read"] = read
    return stream


def counted(happenings: list[Happening]) -> tuple[int, bool]:
    """Return how many entries are told from some, and whether some were not read."""
    seen = [(each.seq, each.ms) for each in happenings]
    counts, is_sampled = density(seen, BEGIN_MS, BEGIN_MS + 1_000_000, 100)
    return round(sum(counts)), is_sampled


@pytest.mark.parametrize("length", [0, 1, 999, 1000, 1001, 2500])
def test_a_short_stream_is_read_whole(
    fake_control: AnsweringDaemon, client: Client, length: int
) -> None:
    serve(fake_control, BigStream(length))
    found = sampled(client, length, 100)
    assert found.is_whole
    assert [each.seq for each in found.happenings] == list(range(1, length + 1))
    assert counted(found.happenings) == (length, False)


def test_a_million_entries_are_counted_with_some_hundred_calls(
    fake_control: AnsweringDaemon, client: Client
) -> None:
    stream = serve(fake_control, BigStream(MILLION))
    found = sampled(client, MILLION, 100)
    assert not found.is_whole
    assert not found.is_scanned
    assert counted(found.happenings) == (MILLION, True)
    assert stream.calls <= WHOLE_PAGES + 100 + 25 + SCANS + 2


def test_the_density_of_a_million_is_that_of_each_part(
    fake_control: AnsweringDaemon, client: Client
) -> None:
    serve(fake_control, BigStream(MILLION))
    found = sampled(client, MILLION, 100)
    seen = [(each.seq, each.ms) for each in found.happenings]
    counts, _ = density(seen, BEGIN_MS, BEGIN_MS + MILLION, 10)
    assert all(abs(count - MILLION / 10) < 10 for count in counts)


def test_starts_and_ends_of_the_command_are_found_behind_the_first_pages(
    fake_control: AnsweringDaemon, client: Client
) -> None:
    stream = serve(fake_control, BigStream(60_000))
    stream.special[50_000] = ("process.exited", {"exit_status": 3})
    found = sampled(client, 60_000, 10)
    assert found.is_scanned
    (exited,) = [each for each in found.happenings if each.type == "process.exited"]
    assert (exited.seq, bytes(exited.data)) == (50_000, b'{"exit_status":3}'.replace(b":", b": "))


def test_what_comes_while_it_is_read_is_left_for_another_day(
    fake_control: AnsweringDaemon, client: Client
) -> None:
    serve(fake_control, BigStream(9_000))
    found = sampled(client, 5_000, 10)
    assert found.happenings[-1].seq == 5_000
    assert counted(found.happenings) == (5_000, True)
    assert sampled(client, 2_500, 10).happenings[-1].seq == 2_500


def test_a_pruned_beginning_is_told(fake_control: AnsweringDaemon, client: Client) -> None:
    serve(fake_control, BigStream(900, pruned=400))
    journal = Journal(client)
    found = Sampled(journal, STREAM, 0, 900, samples=10, scans=SCANS)
    assert [each.seq for each in found.happenings] == list(range(401, 901))
    assert journal.pruned == {STREAM}


def test_where_a_time_begins_is_found(fake_control: AnsweringDaemon, client: Client) -> None:
    stream = serve(fake_control, BigStream(MILLION))
    journal = Journal(client)
    assert journal.begin(["*"], BEGIN_MS + 700_000, MILLION) == 699_999
    assert journal.begin(["*"], BEGIN_MS - 5, MILLION) == 0
    assert journal.begin(["*"], BEGIN_MS + 2 * MILLION, MILLION) == MILLION
    assert stream.calls <= 3 * 22


def test_where_a_time_begins_is_not_known_if_it_was_pruned(
    fake_control: AnsweringDaemon, client: Client
) -> None:
    serve(fake_control, BigStream(MILLION, pruned=500_000))
    journal = Journal(client)
    assert journal.begin(["*"], BEGIN_MS + 700_000, MILLION) == 699_999
    assert journal.begin(["*"], BEGIN_MS + 300_000, MILLION) is None


def test_calls_come_to_an_end(fake_control: AnsweringDaemon, client: Client) -> None:
    stream = serve(fake_control, BigStream(MILLION))
    journal = Journal(client, calls=20)
    Sampled(journal, STREAM, 0, MILLION, samples=100, scans=SCANS)
    assert (stream.calls, journal.calls_left) == (20, 0)
