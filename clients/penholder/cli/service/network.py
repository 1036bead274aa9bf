"""The way to a PostgreSQL on another machine, which the units as they come leave closed.

The daemon needs no network where its state is in its own file, or behind a Unix socket. Where the
configuration that the service reads names a server by TCP, a drop-in opens the unit that far; with
another configuration it goes again. What the installer's own shell says (PENHOLDER_STORE_URL) is
not what the service is told, so it decides nothing.
"""

import os
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote

from penholder.cli.service import placing
from penholder.cli.service.scope import Scope
from penholder.cli.service.templates import MARKER
from penholder.cli.terminal import store

_TEXT = f"""{MARKER}# `url` of [store] in its configuration names a server by TCP.
[Service]
PrivateNetwork=no
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
IPAddressDeny=
"""


def url_of(scope: Scope) -> str | None:
    """Return the URL of the store that the service is told of; raises Failure."""
    return store.in_file(scope.settings)


def needs_it(url: str | None) -> bool:
    """Tell whether a URL names a server by TCP; one without a host means a Unix socket here."""
    if url is None:
        return False
    place, _, query = url.partition("://")[2].partition("?")
    named = parse_qs(query)
    hosts = place.partition("/")[0].rpartition("@")[2]
    asked = [part for value in (hosts, *named.get("host", [])) for part in value.split(",")]
    # A directory of sockets, or an abstract one; the rest are names and addresses.
    return "hostaddr" in named or any(_is_by_tcp(unquote(host)) for host in asked)


def _is_by_tcp(host: str) -> bool:
    # `:5433` names a port only: that of the socket.
    return not host.startswith(("/", "@", ":")) and host != ""


def place(scope: Scope, url: str | None) -> str | None:
    """Put the drop-in in place, or take it away; returns what was done. Raises Failure."""
    if needs_it(url):
        return placing.put(scope.network_drop_in, _TEXT)
    return take_away(scope)


def take_away(scope: Scope) -> str | None:
    """Remove the drop-in if it is there and ours; returns what was done. Raises Failure."""
    path = scope.network_drop_in
    if not placing.is_ours(path):
        return None
    done = placing.remove(path)
    placing.remove_if_empty(path.parent)
    return done


def notes(scope: Scope, url: str | None) -> Iterator[str]:
    """Say what may surprise later."""
    if os.environ.get(store.VARIABLE) and url is None:
        yield (
            f"note: {store.VARIABLE} is set for your programs only; the service keeps its state in"
            f" {scope.state_dir}, unless `url` of [store] in {scope.settings} names a server"
        )
    if url is not None and not needs_it(url) and "service=" in url:
        yield (
            "note: whether the service of the store's URL is reached by TCP cannot be seen from"
            " here; if it is, name its host in the URL and install again"
        )
