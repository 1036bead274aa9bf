"""`penholder ROOM VERB`: one method of the contract, called once."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec

from penholder.blocking import Client
from penholder.cli.contract import Contract, Method, contract
from penholder.cli.terminal import clock, fences, handles, meanings, output, targets
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.options import (
    Options,
    Parser,
    add_common,
    add_fence,
    add_format,
    nearest,
    normalized,
    parse_known,
    read_options,
)
from penholder.cli.verbs import flags
from penholder.cli.verbs.helptext import epilog, metavar, room_help
from penholder_protocol.nouns import Fence, Handle, Release

_ACQUIRE = "controller.acquire"
_RELEASE = "controller.release"


class _Page(msgspec.Struct):
    items: list[msgspec.Raw]
    next: str | None = None


def run(room: str, words: Sequence[str]) -> int:
    """Carry out `penholder room words…`; returns the exit code."""
    known = contract()
    if not words or words[0] in ("--help", "-h"):
        print(room_help(known, room))
        return 0 if words else 2
    method = _method(known, room, words[0])
    found = parse_known(parser_of(known, method), normalized(words[1:]))
    options = read_options(found)
    params = flags.read(known, method, found)
    target = targets.choose(options, method, params.get("worker_id"))
    if target.worker_id is not None and method.param("worker_id"):
        # The control socket does not say who asks, as the worker's own socket does.
        params.setdefault("worker_id", target.worker_id)
    _check(method, params, options, target)
    with targets.connect(target, options.operation) as client:
        answer = _ask(client, method, params, options, is_runtime=target.is_runtime)
        output.show(known, method, answer, options, clock.beside_an_answer(client))
    return 0


def _method(known: Contract, room: str, verb: str) -> Method:
    wanted = verb.replace("_", "-")
    for method in known.verbs(room):
        if method.verb == wanted:
            return method
    verbs = [method.verb for method in known.verbs(room)]
    hint = _nearest_verb(known, room, wanted, verbs) or f"; it has {', '.join(verbs)}"
    raise Usage(f"room {room} has no verb {verb!r}{hint}")


def _nearest_verb(known: Contract, room: str, wanted: str, verbs: Sequence[str]) -> str:
    """Name a verb that is alike, else what means the same elsewhere."""
    alike = nearest(wanted, verbs)
    return alike or nearest(wanted, (), meanings.of_word(wanted) if known.verbs(room) else ())


def parser_of(known: Contract, method: Method) -> Parser:
    """Make the parser of one verb, with its help."""
    needed = [f"{param.flag} {metavar(param.schema)}" for param in method.params if param.required]
    prog = f"penholder {method.room} {method.verb}"
    parser = Parser(
        prog=prog,
        usage=" ".join([prog, *needed, "[--flag value …]"]).replace("%", "%%"),
        description=f"{method.summary}\n\n{method.description}".strip(),
        epilog=epilog(method),
    )
    flags.add_params(parser, known, method)
    if method.takes_fence:
        add_fence(parser)
    if flags.takes_handle(method):
        parser.add_argument("--fence", metavar="EPOCH:TOKEN", help="epoch and token in one")
    if method.name == _ACQUIRE:
        parser.add_argument(
            "--save", action="store_true", help="save the handle instead of printing its token"
        )
    if method.param("cursor"):
        parser.add_argument("--all", action="store_true", help="follow the cursor to the end")
    add_format(parser)
    add_common(parser)
    return parser


def _check(
    method: Method, params: dict[str, object], options: Options, target: targets.Target
) -> None:
    """Refuse what cannot be meant, before anything is asked; fills in a saved handle."""
    if options.save and method.takes_fence and not options.take_over:
        raise Usage("--save goes with --take-over")
    if target.is_runtime and (options.fence or options.take_over):
        raise Usage("on a runtime socket the seat is the fence: no --fence and no --take-over")
    if flags.takes_handle(method) and not params.get("force"):
        _fill_from_handle(params, options)
    flags.require(method, params, as_worker=target.is_runtime or options.socket is not None)


def _ask(
    client: Client,
    method: Method,
    params: dict[str, object],
    options: Options,
    *,
    is_runtime: bool,
) -> msgspec.Raw:
    with _fence(client, method, params, options, is_runtime=is_runtime) as fence:
        if fence is not None:
            params["fence"] = fence
        answer = _pages(client, method, params) if options.all else _once(client, method, params)
    return _kept(method, answer, options)


def _once(client: Client, method: Method, params: dict[str, object]) -> msgspec.Raw:
    return client.ask_raw(method.name, params)


def _pages(client: Client, method: Method, params: dict[str, object]) -> msgspec.Raw:
    """Follow the cursor of a list and return all of it as one page.

    Every other param stays: a filter goes for all pages, and the cursor goes before a start.
    """
    first = _once(client, method, params)
    page = msgspec.json.decode(first, type=_Page)
    items = page.items
    while page.next is not None:
        following = _once(client, method, {**params, "cursor": page.next})
        page = msgspec.json.decode(following, type=_Page)
        items += page.items
    members = msgspec.json.decode(first, type=dict[str, msgspec.Raw])
    return msgspec.Raw(msgspec.json.encode({**members, "items": items, "next": None}))


def _fence(
    client: Client,
    method: Method,
    params: dict[str, object],
    options: Options,
    *,
    is_runtime: bool,
) -> AbstractContextManager[Fence | None]:
    if is_runtime or not method.takes_fence:
        return nullcontext()
    return fences.held(client, options, params)


def _fill_from_handle(params: dict[str, object], options: Options) -> None:
    """Take epoch and token, where they are not given, from the flag, environment or handle."""
    controller_id = params.get("controller_id")
    if "epoch" in params or "token" in params or not isinstance(controller_id, str):
        return
    saved = handles.load(controller_id, options.state_dir)
    fence = fences.given(options) or fences.fence_of(saved)
    if fence is not None:
        params |= {"epoch": fence.epoch, "token": fence.token}


def _kept(method: Method, answer: msgspec.Raw, options: Options) -> msgspec.Raw:
    """Save or forget the handle that an answer is about; a saved token is not printed."""
    if method.name == _RELEASE:
        release = msgspec.json.decode(answer, type=Release)
        if release.released and release.epoch is not None:
            handles.forget(release.controller_id, release.epoch, options.state_dir)
    if method.name != _ACQUIRE or not options.save:
        return answer
    handle = msgspec.json.decode(answer, type=Handle)
    # Before its token is taken out of what is printed: it is shown nowhere else.
    handles.save(handle, options.state_dir)
    return msgspec.Raw(msgspec.json.encode(msgspec.structs.replace(handle, token=None)))
