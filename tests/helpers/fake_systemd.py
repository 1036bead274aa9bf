"""A systemd manager by hand: a `systemctl` that notes its calls and shows what it is told to."""

import shutil
from pathlib import Path

_SYSTEMCTL = """\
#!/bin/sh
# Fails for the verb that the file `broken` names; shows a unit from the file of its name.
here={here}
printf '%s\\n' "$*" >>$here/calls
[ "$1" = --user ] && shift
if [ "$1" = "$(cat $here/broken 2>/dev/null)" ]; then echo "the fake refuses" >&2; exit 1; fi
if [ "$1" = show ]; then
  if [ -e "$here/units/$2" ]; then cat "$here/units/$2"; else echo LoadState=not-found; fi
fi
"""
_SYSUSERS = "#!/bin/sh\nprintf 'sysusers %s\\n' \"$*\" >>{here}/calls\n"


class FakeSystemd:
    """What the commands find instead of a manager."""

    def __init__(self, directory: Path) -> None:
        """Put the programs into a directory that belongs on PATH."""
        self.bin = directory / "bin"
        self._here = directory
        (directory / "units").mkdir(parents=True)
        self.bin.mkdir()
        for name, text in (("systemctl", _SYSTEMCTL), ("systemd-sysusers", _SYSUSERS)):
            (self.bin / name).write_text(text.replace("{here}", str(directory)))
            (self.bin / name).chmod(0o755)
        for needed in ("sh", "cat"):
            found = shutil.which(needed)
            assert found
            (self.bin / needed).symlink_to(found)

    def calls(self) -> list[str]:
        """Return what was asked since the last time, without looks."""
        path = self._here / "calls"
        asked = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line for line in asked if "show" not in line.split()]

    def tell(self, unit: str, active: str = "active", sub: str = "running", **more: str) -> None:
        """Have it show a unit in that state."""
        shown = {
            "LoadState": "loaded", "ActiveState": active, "SubState": sub, "Result": "success",
            "UnitFileState": "enabled", **more,
        }  # fmt: skip
        text = "".join(f"{name}={value}\n" for name, value in shown.items())
        (self._here / "units" / unit).write_text(text)

    def refuse(self, verb: str) -> None:
        """Have it fail at a verb."""
        (self._here / "broken").write_text(verb)
