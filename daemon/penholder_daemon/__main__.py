"""`penholderd`, which is `python -m penholder_daemon`."""

import gc


def main() -> int:
    """Run the daemon; returns its exit status."""
    # What is imported stays to the end: to look through it for garbage is a twentieth of a start.
    gc.disable()
    from penholder_daemon.main import main as run  # noqa: PLC0415 - after the above

    gc.freeze()
    gc.enable()
    return run()


if __name__ == "__main__":
    raise SystemExit(main())
