"""Write the pages of the manual beside this file, or check that they are what they would be."""

import sys
from pathlib import Path

from penholder.cli.manual.pages import pages

DIRECTORY = Path(__file__).with_name("pages")


def main() -> int:
    """Write what differs; with --check name it and return 1."""
    wanted = {f"{name}.1": text for name, text in pages()}
    there = {path.name: path.read_text("utf-8") for path in DIRECTORY.glob("*.1")}
    differing = sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))
    if "--check" in sys.argv[1:]:
        for name in differing:
            print(f"{DIRECTORY / name} is not as generated: make generate")
        return 1 if differing else 0
    DIRECTORY.mkdir(exist_ok=True)
    for name in differing:
        if name in wanted:
            (DIRECTORY / name).write_text(wanted[name], "utf-8")
        else:
            (DIRECTORY / name).unlink()
        print(f"written: {DIRECTORY.name}/{name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
