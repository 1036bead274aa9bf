"""Telling that streams have changed, to who subscribed: no replay, only that it is worth a look.

A stream that changes all the time is told of a few times a second. A daemon that is away is waited
for; what changed meanwhile is told when it is there again.
"""

from collections.abc import Callable, Mapping

from penholder import ConnectionLost, DaemonUnreachable
from penholder.cli.mcp import resources
from penholder.cli.mcp.job import Job
from penholder_protocol.errors import CursorGone, PenholderError

_WAIT_MS = 30_000
_PAUSE_S = 0.25
_AWAY_S = 1.0


def watch(job: Job, uris: Mapping[str, str], tell: Callable[[str], None]) -> None:
    """Tell of each URI whose stream has changed, until the job is over; `uris` by stream."""
    job.may_be_left = True
    position: int | None = None
    while not job.over.is_set():
        try:
            if position is None:
                position = job.client.journal.position().pos
            position = _next(job, uris, tell, position)
        except CursorGone:
            # What was between is pruned, so all may have changed.
            position = None
            for uri in uris.values():
                tell(uri)
        except (ConnectionLost, DaemonUnreachable):
            job.over.wait(_AWAY_S)
        except PenholderError as error:
            if not error.retryable:
                raise
            job.over.wait(_AWAY_S)


def _next(job: Job, uris: Mapping[str, str], tell: Callable[[str], None], position: int) -> int:
    page = job.client.journal.wait(
        streams=list(uris), after=position, limit=1000, timeout_ms=_WAIT_MS
    )
    changed = dict.fromkeys(entry.stream for entry in page.items)
    for uri in _of(uris, changed):
        tell(uri)
    if changed:
        job.over.wait(_PAUSE_S)
    return page.pos


def _of(uris: Mapping[str, str], changed: Mapping[str, object]) -> list[str]:
    """Return the URIs of streams that changed; one of several streams has changed with any."""
    joint = [uri for stream, uri in uris.items() if stream.endswith(("/workers", "*"))]
    single = [uris[stream] for stream in changed if stream in uris]
    return list(dict.fromkeys([*single, *(joint if set(changed) - set(uris) else [])]))


def check(job: Job, streams: Mapping[str, str]) -> None:
    """Raise what the daemon has against these streams, before anything is promised of them."""
    if streams:
        position = job.client.journal.position().pos
        job.client.journal.read(streams=list(streams), after=position, limit=1)


def streams_of(uris: list[str]) -> dict[str, str]:
    """Return the URIs that name streams, by those."""
    found = ((resources.named(uri), uri) for uri in uris)
    return {named.stream: uri for named, uri in found if named is not None}
