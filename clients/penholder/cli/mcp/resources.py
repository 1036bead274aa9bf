"""Streams as resources: a URI each, read as entries from a position on.

`penholder://stream/worker:w_1` is a stream from its beginning, with `?after=POS` what came after
it. What is read ends with the URI of what comes next, so that who reads on misses nothing.
"""

import re
from urllib.parse import quote, unquote

import msgspec

from penholder.cli.mcp import entries
from penholder.cli.mcp.entries import Selection
from penholder.cli.mcp.job import Job
from penholder.cli.mcp.messages import INVALID_PARAMS, RESOURCE_NOT_FOUND, Body, Refused
from penholder.cli.workers import names
from penholder_protocol.errors import ControllerNotFound, PenholderError

_STREAM = "penholder://stream/"
_JSON = "application/json"
_MOST_LISTED = 100
_MOST_ENTRIES = 200
_URI = re.compile(r"penholder://stream/([^?#\s]{1,4200})(?:\?after=(\d{1,18}))?")

TEMPLATES: Body = {
    "resourceTemplates": [
        {
            "uriTemplate": f"{_STREAM}{{stream}}{{?after}}",
            "name": "stream",
            "title": "A stream from a position on",
            "description": "Entries of worker:ID, controller:ID, controller:ID/workers, run:ID,"
            " queue:NAME, topic:NAME or board:ID, oldest first.",
            "mimeType": _JSON,
        }
    ]
}


class Named(msgspec.Struct, frozen=True):
    """What a URI names."""

    stream: str
    after: int


def named(uri: str) -> Named | None:
    """Read a URI; None for one of nobody's."""
    found = _URI.fullmatch(uri)
    if found is None:
        return None
    return Named(unquote(found[1]), int(found[2] or 0))


def uri_of(stream: str, after: int | None = None) -> str:
    """Write the URI of a stream."""
    query = "" if after is None else f"?after={after}"
    return f"{_STREAM}{quote(stream, safe=':/*')}{query}"


def listed(job: Job) -> Body:
    """List the streams at hand: of the controller, and of its workers, newest first."""
    setup = job.desk.setup
    if setup.is_inside:
        own = f"worker:{setup.worker_id}"
        return {"resources": [_listed(own, "this worker")]}
    held = job.desk.holding.controller_id(job.client)
    found = [
        _listed(f"controller:{held}", "what happens to your workers"),
        _listed(f"controller:{held}/workers", "what your workers say"),
    ]
    try:
        for known in names.all_known(job.client, held):
            found.append(_listed(f"worker:{known.worker_id}", known.label))
            if len(found) >= _MOST_LISTED:
                break
    except ControllerNotFound:
        pass  # it is registered with its first worker
    return {"resources": found}


def _listed(stream: str, title: str) -> Body:
    return {"uri": uri_of(stream), "name": stream, "title": title, "mimeType": _JSON}


def require(uri: str, *, is_modern: bool) -> Named:
    """Read a URI; raises Refused for one of nobody's."""
    found = named(uri)
    if found is None:
        number = INVALID_PARAMS if is_modern else RESOURCE_NOT_FOUND
        raise Refused(number, f"Resource not found: streams are {_STREAM}NAME", {"uri": uri})
    return found


def read(job: Job, uri: str, *, is_modern: bool) -> Body:
    """Read a stream, as much of it as a model can bear."""
    asked = require(uri, is_modern=is_modern)
    try:
        found = entries.read(job, Selection([asked.stream], None), asked.after, _MOST_ENTRIES)
    except PenholderError as error:
        raise Refused(
            INVALID_PARAMS, f"{error.code}: {error}", {"uri": uri, **error.details}
        ) from None
    told = {"entries": found.shown, "cursor": found.cursor}
    text = msgspec.json.encode({**told, "next": uri_of(asked.stream, found.cursor)}).decode()
    return {"contents": [{"uri": uri, "mimeType": _JSON, "text": text}]}
