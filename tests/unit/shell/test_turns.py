"""How much a connection takes at a time, by how many others have something."""

import trio
import trio.testing

from penholder_daemon.shell.fairness.turns import Turns


async def test_the_more_sockets_have_something_the_less_of_each_is_taken_first() -> None:
    turns = Turns()
    pieces = []
    for ready in (0, 1, 16, 17, 100, 1000, 4096):
        turns.note_ready(ready)
        pieces.append(turns.first_piece)
        assert pieces[-1] == 1 or pieces[-1] * ready <= 1024
    assert pieces == [64, 64, 64, 60, 10, 1, 1]


async def test_busy_ones_share_a_piece_and_a_part_of_it_is_worth_its_turn() -> None:
    turns = Turns()
    for peer in range(40):
        turns.note_busy(peer)
    assert (turns.first_piece, turns.piece) == (1, 16)


async def test_of_very_many_a_few_go_on_in_each_turn_and_all_do_in_their_order() -> None:
    turns = Turns()
    went_on: list[int] = []

    async def be_busy(number: int) -> None:
        await turns.give_away()
        went_on.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(40):
            nursery.start_soon(be_busy, number)
        most = 0
        while len(went_on) < 40:
            before = len(went_on)
            await trio.lowlevel.checkpoint()
            most = max(most, len(went_on) - before)
    assert most <= 8  # two turns of the loop may pass between two looks
    assert sorted(went_on) == list(range(40))
    # Nobody's place is lost: the next ones go on as well.
    with trio.fail_after(5):
        await turns.give_away()


async def test_who_is_cancelled_leaves_its_place() -> None:
    turns = Turns()
    for _ in range(10):
        with trio.move_on_after(0):
            await turns.give_away()
    with trio.fail_after(5):
        await turns.give_away()
