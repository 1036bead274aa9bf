"""`--host NAME`: a command that is started on another host of the same store, by the user's ssh.

The daemon starts no process, here or elsewhere. It knows which hosts there are, and nothing of how
they are reached; that is for the clients' configuration, as for `--at`. So a host is reached where
there is a context of its name, and by no other way: a host is a label that its own daemon chose,
and no label decides where ssh goes.
"""

from collections.abc import Iterable, Sequence

import msgspec

from penholder.cli.terminal import configuration, targets
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.options import Options
from penholder.cli.terminal.text import printable
from penholder.cli.words import elsewhere
from penholder.cli.workers import hosts
from penholder.cli.workers.hosts import Host

FLAG = "--host"


class _Status(msgspec.Struct):
    host_id: str


def go(name: str, options: Options, words: Sequence[str], *, terminal: bool = False) -> None:
    """Become the ssh that runs words there; returns where it is this host itself.

    Raises Usage where there is no such host, or nothing says how it is reached.
    """
    with targets.connect(targets.choose(options), options.operation) as client:
        known = hosts.known(client)
        own_id = client.call("daemon.status", {}, _Status).host_id
    meant = _meant(name, list(known.values()), own_id)
    if meant.host_id != own_id:
        elsewhere.become(_context(name, meant, known.values(), own_id), words, terminal=terminal)


def leading(words: Sequence[str]) -> list[str]:
    """Return flags without this one, and without those that are about directories here."""
    for flag in (FLAG, "--runtime-dir", "--state-dir"):
        words = elsewhere.taken(words, flag)[1]
    return list(words)


def _meant(name: str, known: Sequence[Host], own_id: str) -> Host:
    found = [each for each in known if name == each.host_id]
    found = found or [each for each in known if name == each.host_name]
    if len(found) == 1:
        return found[0]
    if found:
        raise Usage(
            f"{FLAG}: several hosts are called {name!r}; say the id of one:"
            f" {_listed(found, own_id)}"
        )
    raise Usage(
        f"{FLAG}: no host of this store is called {name!r}; there are {_listed(known, own_id)}."
        " A machine with a store of its own is --at WHERE"
    )


def _context(name: str, meant: Host, known: Iterable[Host], own_id: str) -> str:
    """Return the context by which a host is reached."""
    key = configuration.read().context_of(name, meant.host_name, meant.host_id)
    if key is not None:
        return key
    raise Usage(
        f"{FLAG}: how the host {meant.host_name!r} is reached is not known here; there are"
        f" {_listed(known, own_id)}. Add to {configuration.path()}:"
        f' [context."{meant.host_name}"] and, in the next line, at = "ssh://MACHINE"'
    )


def _listed(known: Iterable[Host], own_id: str) -> str:
    return ", ".join(f"{printable(each.host_name)} ({_what(each, own_id)})" for each in known)


def _what(each: Host, own_id: str) -> str:
    if each.host_id == own_id:
        return f"{each.host_id}, this one"
    return each.host_id if each.state == "active" else f"{each.host_id}, not heard of"
