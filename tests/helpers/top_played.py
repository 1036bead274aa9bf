"""`penholder top` played on a screen that nobody sees: keys, notices and time are the test's."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from textual.pilot import Pilot

from penholder.cli.top.app import Top
from penholder.cli.top.carrying import Failed
from penholder.cli.top.model.acts import Act, Host
from penholder.cli.top.model.notices import Notice
from penholder.cli.top.model.records import Key
from tests.helpers.top import HOST, NOW, at, listed, option, overview, question

WORKERS = [
    overview("w_1", "make-1", "compiling", controller_id="c"),
    overview("w_2", "make-2", "linking", controller_id="c"),
    overview("w_3", "test-1", "3 passed", controller_id="d", state="idle"),
    overview("w_4", "gone", state="stopped", recovery_state="lost", updated_at=at(9_000)),
]
QUESTIONS = [
    question("ap_1", "w_1", "May I remove build/?", created_at=at(300)),
    question(
        "ap_2", "w_2", "Which one?",
        options=[
            option("a", None, "Always", "allow_always"), option("b", None, "Once", "allow_once"),
            option("c", None, "No", "reject_once"),
        ],
    ),
]  # fmt: skip


class FakeSource:
    """A feed by hand: hands on what is put, and notes what is wanted."""

    def __init__(self, *notices: Notice) -> None:
        """Begin with these."""
        self.journal = list(notices)
        self.answers: list[Notice] = []
        self.wanted: list[tuple[Key | None, Key | None]] = []

    def start(self) -> None:
        """Do nothing."""

    def take(self, *, with_journal: bool = True) -> Iterator[Notice]:
        """Hand on what was put."""
        found = [*(self.journal if with_journal else []), *self.answers]
        if with_journal:
            self.journal = []
        self.answers = []
        return iter(found)

    def want(self, tail: Key | None, details: Key | None) -> None:
        """Note it, each new wish once."""
        if tail is not None or not self.wanted or self.wanted[-1][1] != details:
            self.wanted.append((tail, details))


class Playing:
    """`penholder top` on a screen that nobody sees, with a feed, a clock and hands of the test."""

    def __init__(self, *notices: Notice, hosts: Sequence[Host] = (Host(HOST, "/none"),)) -> None:
        """Begin with these notices; what is carried out is only noted."""
        self.source = FakeSource(*notices)
        self.seconds = NOW.timestamp()
        self.acts: list[Act] = []
        self.fails_with = ""
        self.app = Top(
            hosts,
            self.source,
            colours=False,
            environment={"PATH": "/usr/bin:/bin"},
            carry=self._carry,
            clock=lambda: self.seconds,
        )
        self.pilot: Pilot[None] | None = None

    def _carry(self, act: Act, _: Mapping[str, str]) -> str:
        self.acts.append(act)
        if self.fails_with:
            raise Failed(self.fails_with)
        return "done"

    async def press(self, *keys: str) -> None:
        """Press keys, some time after what was before, and wait until they are taken."""
        assert self.pilot is not None
        for each in keys:
            self.seconds += 1
            await self.pilot.press(each)
            await self.pilot.pause()

    async def take(self, *notices: Notice) -> None:
        """Have notices come, and wait until they are taken."""
        self.source.journal += notices
        self.seconds += 1
        await self.until(lambda: not self.source.journal)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds."""
        assert self.pilot is not None
        for _ in range(500):
            if condition():
                await self.pilot.pause()
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"it does not come to hold; the screen:\n{self.screen()}")

    def screen(self) -> str:
        """Return what is on the screen, as plain text."""
        strips = self.app.screen._compositor.render_strips()
        return "".join(f"{strip.text.rstrip()}\n" for strip in strips)

    def play(
        self, scene: Callable[["Playing"], Awaitable[None]], size: tuple[int, int] = (80, 24)
    ) -> None:
        """Play a scene from the first screen on to its end."""

        async def played() -> None:
            async with self.app.run_test(size=size) as self.pilot:
                await self.until(lambda: not self.source.journal)
                await scene(self)

        asyncio.run(played())


def busy() -> Playing:
    """Begin with four workers, one of which has ended, and two questions."""
    return Playing(listed(WORKERS, QUESTIONS))
