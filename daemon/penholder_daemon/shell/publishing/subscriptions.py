"""Subscriptions: backlog and live entries, joined without gap or double.

A subscriber wants every entry after its cursor once, in order, however it came to be behind. There
are two sources. The backlog is read from the database, in pages, by readers on threads of their
own. Live entries come from the publisher, in the loop, after their commit. Joining the two is the
hard part, since commits go on while a page is read:

- One number is enough to say what a peer has. Positions order all streams, so `cursor` is the
  position up to which it has been given everything that it wants. It moves with what is sent.
- Two positions lie ahead of it: what is committed, and what is published (`Publisher.pos`). The
  second follows the first a little later, in the loop. A page can see a commit that is not
  published yet; an announcement can come of one that a page has given already. `announce` drops
  what is not after the cursor, so that is no double.
- There is a gap only if something is published after a page was read and before the subscription
  listens. So it goes live only when the page has nothing more behind it and ends at or after what
  is published, and in the same turn of the loop, in which nothing can be published. Otherwise
  another page is read.

Nothing is kept for a peer that does not read. The backlog waits for it (`until_taken`): what it
has not been sent is in the database. A live one is let go with the position to resume from; kept
entries would grow without bound, and a later subscription reads them from the database anyway.

What may be read can change meanwhile, so `check` is asked in the view of each page; of a live one
the shell is told by an effect (`WithdrawStream`), before anything of the new holder is told. What
retention takes while a backlog is read is told once for each stream, and the others go on.
"""

from collections.abc import Callable, Iterator, Sequence
from sys import getsizeof
from typing import Protocol

import msgspec
import trio

from penholder_daemon.core import backlog, retention
from penholder_daemon.core.backlog import Stretch
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Rx
from penholder_daemon.shell.publishing.publisher import Announcement, Publisher
from penholder_daemon.shell.store.readers import QueryDesk, read
from penholder_protocol import jsonrpc
from penholder_protocol.errors import Busy, CursorGone, Denied
from penholder_protocol.limits import MAX_LIST_LIMIT, PAGE_BYTES
from penholder_protocol.nouns import LaggedNotice, PrunedNotice

_AGAIN_SECONDS = 0.1
"""Between two tries to read the backlog while the readers' queue is full, or the store away."""
_ANY_BYTES = 8 << 10
_NAME_BYTES = 512
"""What a name of a stream holds beside its text, where those who want it are looked up."""


class Subscriber(Protocol):
    """The connection of a subscription."""

    @property
    def caller(self) -> Caller:
        """Who subscribed."""

    def has_room_for(self, size: int) -> bool:
        """Whether so much more may be sent before its peer takes what it has."""

    def notify_line(self, line: bytes) -> None:
        """Queue a notification: it goes out at the end of a delivery, or by `flush`."""

    def flush(self) -> None:
        """Send what is queued."""

    async def until_taken(self) -> None:
        """Wait until its peer has taken enough that more may follow."""

    def forget(self, subscription: "LiveSubscription") -> None:
        """The subscription has ended by itself."""


class LiveSubscription:
    """One journal.subscribe of one connection."""

    def __init__(
        self,
        name: str,
        selection: Selection,
        after: int,
        subscriber: Subscriber,
        publisher: Publisher,
        check: Callable[[Rx], None] | None = None,
    ) -> None:
        """Stand after a position, not live yet; `check` raises Denied for what is not allowed."""
        self.name = name
        self.selection = selection
        self.cursor = after
        self.catching_up = trio.CancelScope()
        self._subscriber = subscriber
        self._publisher = publisher
        self._check = check
        self._is_live = False
        self._told_pruned: dict[str, int] = {}
        self._seen_prunes = -1

    def go_live(self) -> None:
        """Take entries as they are published."""
        self._is_live = True
        self._publisher.listen(self)

    def end(self) -> None:
        """Send nothing more."""
        self.catching_up.cancel()
        if self._is_live:
            self._is_live = False
            self._publisher.stop_listening(self)

    def let_go(self) -> None:
        """End, and tell after which position to subscribe again (to what is still allowed)."""
        self.end()
        notice = LaggedNotice(subscription=self.name, resume_after=self.cursor)
        self._notify("journal.lagged", notice)
        self._subscriber.forget(self)

    async def catch_up(self, desk: QueryDesk) -> None:
        """Send the backlog, then go live."""
        with self.catching_up:
            while not self._is_live:
                await self._subscriber.until_taken()
                try:
                    await self._send_page(desk)
                except (Busy, StoreFault):
                    # Nobody asked just now who could be told; the backlog can wait.
                    await trio.sleep(_AGAIN_SECONDS)
                except (Denied, CursorGone):
                    self.let_go()
                    self._subscriber.flush()
                    return

    async def _send_page(self, desk: QueryDesk) -> None:
        """Send the next page; nothing of it is held while its peer takes it."""
        page, pruned = await read(desk, self._subscriber.caller, self._page)
        self._tell_pruned(pruned)
        lines = [msgspec.json.encode(entry) for entry in page.items]
        self._send(lines, [entry.pos for entry in page.items], page.pos)
        self._subscriber.flush()
        # Nothing is awaited from this look to going live, so nothing is published in between.
        if not page.more and page.pos >= self._publisher.pos:
            self.go_live()

    def _page(self, rx: Rx) -> tuple[Stretch, list[tuple[str, int]]]:
        """Read one page of the backlog, and which of its streams retention has cut meanwhile."""
        if self._check is not None:
            self._check(rx)
        # Who was told of what is no more, is told so when it subscribes again.
        backlog.refuse_ended_history(rx, self.cursor)
        pruned: list[tuple[str, int]] = []
        prunes = retention.count(rx)
        # Only when something was pruned since the last page, which is seldom.
        if prunes != self._seen_prunes:
            pruned = backlog.pruned_after(rx, self.selection, self.cursor)
            self._seen_prunes = prunes
        return backlog.read(rx, self.selection, self.cursor, MAX_LIST_LIMIT), pruned

    def _tell_pruned(self, pruned: list[tuple[str, int]]) -> None:
        """Say once of each stream what it lost; the others still give all they have."""
        for stream, pruned_pos in pruned:
            if self._told_pruned.get(stream) != pruned_pos:
                self._told_pruned[stream] = pruned_pos
                notice = PrunedNotice(
                    subscription=self.name, stream=stream, oldest_pos=pruned_pos + 1
                )
                self._notify("journal.pruned", notice)

    def announce(self, announcement: Announcement) -> None:
        """Send what is wanted of a commit, or say that the peer lags."""
        # A page has given it already, which saw the commit before it was published.
        if announcement.pos <= self.cursor:
            return
        wanted = [
            index
            for index, published in enumerate(announcement.published)
            if published.entry.pos > self.cursor and self.selection.matches(published)
        ]
        encoded = [announcement.encoded(index) for index in wanted]
        # Asked before anything of it is sent: who is let go resumes before this commit, not amid
        # it.
        if encoded and not self._subscriber.has_room_for(sum(map(len, encoded))):
            self.let_go()
            return
        positions = [announcement.published[index].entry.pos for index in wanted]
        self._send(encoded, positions, announcement.pos)

    def _send(self, entries: Sequence[bytes], positions: Sequence[int], pos: int) -> None:
        """Send entries in as few notifications as fit frames; the last one stands at `pos`."""
        for chunk, last in _chunks(entries):
            stands_at = pos if last == len(entries) else positions[last - 1]
            params = b'{"subscription":"%b","entries":[%b],"pos":%d}' % (
                self.name.encode(),
                b",".join(chunk),
                stands_at,
            )
            self._subscriber.notify_line(jsonrpc.notification("journal.entries", params))
        # Also where nothing was wanted: who resumes from here need not look through it again.
        self.cursor = pos

    def _notify(self, method: str, notice: msgspec.Struct) -> None:
        line = jsonrpc.notification(method, msgspec.json.encode(notice))
        self._subscriber.notify_line(line)


def held_bytes(selection: Selection) -> int:
    """Estimate what a subscription holds, and costs at every commit, as bytes."""
    names = (*selection.exact, *selection.parents)
    texts = sum(map(getsizeof, (*names, *(selection.types or ()))))
    return _ANY_BYTES + _NAME_BYTES * len(names) + texts


def _chunks(entries: Sequence[bytes]) -> Iterator[tuple[Sequence[bytes], int]]:
    """Cut encoded entries where a frame would be full; yields each chunk and where it ends."""
    start = size = 0
    for index, entry in enumerate(entries):
        if size + len(entry) + 1 > PAGE_BYTES and index > start:
            yield entries[start:index], index
            start, size = index, 0
        size += len(entry) + 1
    if start < len(entries):
        yield entries[start:], len(entries)
