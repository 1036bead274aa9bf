"""The protocol's methods, and what each answers."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from penholder.cli.mcp import eras
from penholder.cli.mcp.desk import Desk
from penholder.cli.mcp.eras import SUBSCRIPTION_ID, Asked
from penholder.cli.mcp.job import Job
from penholder.cli.mcp.jobs import Jobs, key_of
from penholder.cli.mcp.messages import INVALID_PARAMS, METHOD_NOT_FOUND, Body, Refused

T = TypeVar("T")
_MOST_RESULT_BYTES = 192 << 10
_MOST_URIS = 64
_UPDATED = "notifications/resources/updated"
_ABOUT_INSIDE = (
    "You run inside a worker of Penholder and speak for it alone. Ask people with ask, which"
    " returns at once, and look for the answer with wait and inbox."
)
_ABOUT = (
    "Penholder keeps a fleet of workers: commands in the background whose output, questions and"
    " ends are on disk. Start with status and list_workers. start_worker runs a command; wait tells"
    " when something happens, from a cursor on, and after a while that nothing has: call it again."
    " Ask people with ask, which returns at once. You act on workers of your own controller only."
)


class _Initialize(msgspec.Struct):
    protocol_version: str = msgspec.field(name="protocolVersion")


class _CallTool(msgspec.Struct):
    name: str
    arguments: Raw | UnsetType = UNSET


class _Uri(msgspec.Struct):
    uri: str


class _Filter(msgspec.Struct):
    uris: list[str] = msgspec.field(default_factory=list, name="resourceSubscriptions")


class _Listen(msgspec.Struct):
    notifications: _Filter


class Methods:
    """Answers requests: what is known at once in the loop, all else as a job."""

    def __init__(self, desk: Desk, jobs: Jobs) -> None:
        """Take what the answers come from."""
        self._desk = desk
        self._jobs = jobs
        self._at_once: dict[str, Callable[[bytes, Asked], Body]] = {
            "initialize": self._initialize,
            "server/discover": self._discover,
            "ping": lambda _params, _asked: {},
            "resources/unsubscribe": self._unsubscribe,
        }
        self._slow: dict[str, Callable[[Job, bytes, Asked], Body | None]] = {
            "tools/list": self._list_tools,
            "tools/call": self._call_tool,
            "resources/list": self._list_resources,
            "resources/templates/list": self._list_templates,
            "resources/read": self._read_resource,
            "resources/subscribe": self._subscribe,
            "subscriptions/listen": self._listen,
        }

    def answer(self, method: str, params: bytes, request_id: bytes) -> Body | None:
        """Return the answer, or None where a job gives it; raises Refused."""
        asked = eras.read(method, params)
        at_once = self._at_once.get(method)
        if at_once is not None:
            return eras.finish(asked, method, at_once(params, asked))
        slow = self._slow.get(method)
        if slow is None:
            raise Refused(METHOD_NOT_FOUND, f"Method not found: {method[:200]}")

        def act(job: Job) -> Body | None:
            body = slow(job, params, asked)
            return None if body is None else eras.finish(asked, method, body)

        self._jobs.start(key_of(request_id), request_id, asked.progress_token, act)
        return None

    def _initialize(self, params: bytes, _asked: Asked) -> Body:
        wanted = _decode(params, _Initialize).protocol_version
        return {
            "protocolVersion": eras.agreed(wanted),
            "capabilities": {"tools": {}, "resources": {"subscribe": True}},
            "serverInfo": eras.SERVER_INFO,
            "instructions": self._about,
        }

    def _discover(self, _params: bytes, asked: Asked) -> Body:
        if not asked.is_modern:
            raise Refused(INVALID_PARAMS, "server/discover takes the envelope of 2026-07-28")
        return {
            "supportedVersions": [eras.MODERN],
            "capabilities": {"tools": {}, "resources": {"subscribe": True}},
            "instructions": self._about,
        }

    @property
    def _about(self) -> str:
        return _ABOUT_INSIDE if self._desk.setup.is_inside else _ABOUT

    def _list_tools(self, _job: Job, _params: bytes, _asked: Asked) -> Body:
        from penholder.cli.mcp.tools import catalog  # noqa: PLC0415 - it brings the client

        known = catalog.tools(is_inside=self._desk.setup.is_inside)
        return {"tools": [catalog.described(each) for each in known.values()]}

    def _call_tool(self, job: Job, params: bytes, _asked: Asked) -> Body:
        from penholder.cli.mcp import failing  # noqa: PLC0415 - as above
        from penholder.cli.mcp.tools import catalog  # noqa: PLC0415

        asked = _decode(params, _CallTool)
        tool = catalog.tools(is_inside=self._desk.setup.is_inside).get(asked.name)
        if tool is None:
            raise Refused(INVALID_PARAMS, f"Unknown tool: {asked.name[:200]}")
        try:
            given = msgspec.json.decode(_arguments(asked), type=tool.params)
            return _told(tool.act(job, given))
        except Exception as error:
            if job.over.is_set():
                raise
            return failing.result_of(error)

    def _list_resources(self, job: Job, _params: bytes, _asked: Asked) -> Body:
        from penholder.cli.mcp import failing, resources  # noqa: PLC0415 - as above

        return failing.refused_as_protocol(lambda: resources.listed(job))

    def _list_templates(self, _job: Job, _params: bytes, _asked: Asked) -> Body:
        from penholder.cli.mcp import resources  # noqa: PLC0415 - as above

        return resources.TEMPLATES

    def _read_resource(self, job: Job, params: bytes, asked: Asked) -> Body:
        from penholder.cli.mcp import failing, resources  # noqa: PLC0415 - as above

        uri = _decode(params, _Uri).uri
        return failing.refused_as_protocol(
            lambda: resources.read(job, uri, is_modern=asked.is_modern)
        )

    def _subscribe(self, job: Job, params: bytes, asked: Asked) -> Body:
        from penholder.cli.mcp import failing, resources, watching  # noqa: PLC0415 - as above

        uri = _decode(params, _Uri).uri
        resources.require(uri, is_modern=asked.is_modern)
        streams = watching.streams_of([uri])
        failing.refused_as_protocol(lambda: watching.check(job, streams))

        def act(watch: Job) -> None:
            # Its request has been answered, so whatever comes of it is told to nobody.
            with failing.told_on_stderr():
                watching.watch(watch, streams, lambda each: watch.notify(_UPDATED, {"uri": each}))

        self._jobs.cancel(_Watched(uri))
        self._jobs.start(_Watched(uri), job.request_id, None, act)
        return {}

    def _unsubscribe(self, params: bytes, _asked: Asked) -> Body:
        self._jobs.cancel(_Watched(_decode(params, _Uri).uri))
        return {}

    def _listen(self, job: Job, params: bytes, asked: Asked) -> None:
        from penholder.cli.mcp import failing, watching  # noqa: PLC0415 - as above

        if not asked.is_modern:
            raise Refused(METHOD_NOT_FOUND, "Method not found: subscriptions/listen")
        uris = _decode(params, _Listen).notifications.uris
        if len(uris) > _MOST_URIS:
            raise Refused(INVALID_PARAMS, f"at most {_MOST_URIS} resources a subscription")
        streams = watching.streams_of(uris)
        failing.refused_as_protocol(lambda: watching.check(job, streams))
        stamp: Body = {"_meta": {SUBSCRIPTION_ID: key_of(job.request_id)}}
        honored: Body = {"resourceSubscriptions": list(streams.values())} if streams else {}
        job.notify("notifications/subscriptions/acknowledged", {"notifications": honored, **stamp})
        if streams:
            watching.watch(job, streams, lambda each: job.notify(_UPDATED, {"uri": each, **stamp}))
        job.may_be_left = True
        job.over.wait()


def _arguments(asked: _CallTool) -> Raw:
    given = asked.arguments
    return Raw(b"{}") if given is UNSET or bytes(given) == b"null" else given


class _Watched(msgspec.Struct, frozen=True):
    """What a subscription of the older era is found by."""

    uri: str


def _told(value: object) -> Body:
    """Make a tool's answer a result, as text and as JSON: clients show models either."""
    body = msgspec.json.encode(value)
    if len(body) > _MOST_RESULT_BYTES:
        from penholder.cli.mcp.failing import ToolFailure  # noqa: PLC0415 - as above

        raise ToolFailure(
            "RESULT_TOO_LARGE",
            f"the result has {len(body)} bytes, more than {_MOST_RESULT_BYTES}",
            "ask for less: a smaller limit, one thing, a later cursor.",
        )
    content = [{"type": "text", "text": body.decode()}]
    return {"content": content, "structuredContent": Raw(body), "isError": False}


def _decode(params: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(params, type=kind)
    except msgspec.ValidationError as wrong:
        raise Refused(INVALID_PARAMS, f"params: {wrong}") from None
