"""What a running daemon does on signals: SIGHUP reloads, the others ask it to stop."""

import signal
from collections.abc import Awaitable, Callable

import structlog
import trio

log = structlog.get_logger()

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def obey_signals(
    stop: Callable[[], None],
    reload: Callable[[], Awaitable[None]],
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Obey signals for ever; tells its nursery when it begins to."""
    # A shell keeps Ctrl-C from what it runs in the background by having it ignored.
    taken = [number for number in _SIGNALS if not _is_ignored_interrupt(number)]
    async with trio.open_nursery() as reloads:
        with trio.open_signal_receiver(*taken) as signals:
            # One that came during the start is served now.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
            task_status.started()
            async for number in signals:
                log.info("signal", name=signal.Signals(number).name)
                if number == signal.SIGHUP:
                    # Beside the next signal: other hosts may have to agree, and that takes a while.
                    reloads.start_soon(reload)
                else:
                    stop()


def _is_ignored_interrupt(number: signal.Signals) -> bool:
    return number == signal.SIGINT and signal.getsignal(number) == signal.SIG_IGN
