"""`penholderd`, which is `python -m penholder_daemon`."""

import gc
import signal


def main() -> int:
    """Run the daemon; returns its exit status."""
    # Who has settings read anew while it starts is served once it can; a hang-up would end it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    # Ctrl-C ends it, as any program that has not begun; Python would show where it was.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What is imported stays to the end: to look through it for garbage is a twentieth of a start.
    gc.disable()
    from penholder_daemon.main import main as run  # noqa: PLC0415 - after the above

    gc.freeze()
    gc.enable()
    return run()


if __name__ == "__main__":
    raise SystemExit(main())
