"""`python -m penholder.cli` is `penholder`."""

from penholder.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
