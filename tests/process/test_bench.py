"""The benchmarks run: clients as processes, what they did is checked, the figures are there."""

import json
import subprocess
import sys
from pathlib import Path

from penholder_daemon.generate.__main__ import ROOT


def test_the_quick_look_measures_and_checks(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    words = ("lean", "--rounds", "1", "--seconds", "0.1", "--json", str(file))
    ran = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    found = json.loads(file.read_text())
    assert "Penholder: synchronous = 2, journal_mode = wal" in found["remarks"]
    measured = {(each["case"], each["who"]): each["rounds"] for each in found["measured"]}
    assert {case for case, _ in measured} == {
        "1 client", "8 clients", "16 clients", "8 clients, 64 deep",
    }  # fmt: skip
    for [figures] in measured.values():
        assert figures["per_second"] > 0
        assert figures["cpu_us"] > 0
        assert 0 < figures["p50_ms"] <= figures["p99.9_ms"] <= figures["max_ms"]
