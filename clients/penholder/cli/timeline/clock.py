"""The time of a picture: where it begins and ends, and how its moments are written."""

from datetime import datetime, tzinfo

import msgspec

from penholder.cli.terminal import ages
from penholder.cli.timeline.facts import milliseconds


class Clock(msgspec.Struct, frozen=True):
    """A stretch of time in a zone; milliseconds since 1970."""

    begin_ms: int
    end_ms: int
    zone: tzinfo

    def read(self, time: str) -> int:
        """Read a time of the daemon."""
        return milliseconds(time)

    def moment(self, ms: int) -> str:
        """Write a moment."""
        return f"at {self.at(ms):%Y-%m-%d %H:%M:%S}.{ms % 1000:03}"

    def stretch(self, begin_ms: int, end_ms: int) -> str:
        """Write from when to when something was, and how long."""
        begin, end = self.at(begin_ms), self.at(end_ms)
        day = "" if begin.date() == end.date() else "%Y-%m-%d "
        lasted = long(end_ms - begin_ms)
        return f"{begin:%Y-%m-%d %H:%M:%S} to {end.strftime(f'{day}%H:%M:%S')} ({lasted})"

    def at(self, ms: int) -> datetime:
        """Return a moment in the picture's zone."""
        return datetime.fromtimestamp(ms / 1000, self.zone)

    @property
    def zone_name(self) -> str:
        """The zone as its distance from UTC."""
        name = f"{self.at(self.end_ms):%z}"
        return "UTC" if name == "+0000" else f"UTC{name[:3]}:{name[3:]}"


def long(duration_ms: int) -> str:
    """Write a duration, the short ones to the millisecond."""
    if duration_ms < 10_000:
        return f"{max(0, duration_ms) / 1000:.3f} s"
    return ages.duration(duration_ms / 1000)
