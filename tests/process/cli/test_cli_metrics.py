"""`penholder metrics`: text, a file replaced at once; and the dashboard names what there is."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest

from penholder.cli import catalog
from penholder_daemon.generate.__main__ import ROOT
from penholder_protocol.nouns.words import WorkerState
from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.programs import penholder

DASHBOARD = ROOT / "docs/grafana/penholder.json"
RULES = ROOT / "docs/prometheus/penholder.rules.yaml"
OF_OTHERS = {"node_textfile_mtime_seconds"}
NAME = re.compile(r"\bpenholder_\w+")
TYPE = re.compile(r"^# TYPE (\w+) (\w+)$", re.MULTILINE)


def _given(text: str) -> set[str]:
    """Return every name that may be asked for: of a histogram its parts."""
    names: set[str] = set()
    for name, kind in TYPE.findall(text):
        parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names |= {name + part for part in parts}
    return names


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return [value] if isinstance(value, str) else []


def test_the_text_is_the_daemons(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        make_worker(control)
    ran = penholder(daemon, "metrics")
    assert (ran.code, ran.err) == (0, "")
    assert 'penholder_workers{state="idle"} 1.0\n' in ran.out
    assert penholder(daemon, "metrics", "--json").json["text"].startswith("# HELP penholder_")


def test_a_file_is_replaced_at_once(daemon: DaemonProcess, short_dir: Path) -> None:
    out = short_dir / "penholder.prom"
    out.write_text("old")
    out.chmod(0o600)
    before = out.stat().st_ino
    ran = penholder(daemon, "metrics", "--out", str(out))
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert "penholder_connections" in out.read_text()
    assert out.stat().st_mode & 0o777 == 0o644
    assert out.stat().st_ino != before
    assert {path.name for path in short_dir.glob("*.prom*")} == {"penholder.prom"}
    assert list(short_dir.glob(".*")) == []


def test_what_cannot_be_written_is_told_and_left(daemon: DaemonProcess, short_dir: Path) -> None:
    ran = penholder(daemon, "metrics", "--out", str(short_dir / "nowhere/penholder.prom"))
    assert (ran.code, "cannot be written" in ran.err) == (1, True)
    (short_dir / "directory").mkdir()
    assert penholder(daemon, "metrics", "--out", str(short_dir / "directory")).code == 1
    assert list(short_dir.glob(".*")) == []
    daemon.kill()
    assert penholder(daemon, "metrics").code == 12


def test_only_a_regular_file_is_replaced(daemon: DaemonProcess, short_dir: Path) -> None:
    """A device would be gone for every program on the machine."""
    target = short_dir / "target.prom"
    target.write_text("old")
    link, pipe = short_dir / "link.prom", short_dir / "pipe.prom"
    link.symlink_to(target)
    os.mkfifo(pipe)
    for out in (link, pipe, short_dir, "", "/"):
        ran = penholder(daemon, "metrics", "--out", str(out))
        assert (ran.code, ran.out) == (1, "")
        assert "cannot be written: it is no regular file; it is as it was" in ran.err
    assert (link.is_symlink(), pipe.is_fifo(), target.read_text()) == (True, True, "old")
    assert list(short_dir.glob(".*")) == []


def test_the_dashboard_names_only_what_the_daemon_gives_and_all_of_it(
    daemon: DaemonProcess,
) -> None:
    given = _given(penholder(daemon, "metrics").out)
    named = set(NAME.findall(" ".join(_strings(json.loads(DASHBOARD.read_text("utf-8"))))))
    assert named - given == set()
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in named}
    assert {name for name, _ in TYPE.findall(penholder(daemon, "metrics").out)} == families


def test_every_panel_says_what_it_shows() -> None:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["title"] and panel["description"] and panel["targets"] for panel in panels)


def test_the_alert_rules_name_only_what_the_daemon_gives(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        make_worker(control)
        control.error("worker.get", worker_id="nobody")
    text = penholder(daemon, "metrics").out
    given = _given(text)
    rules = RULES.read_text("utf-8")
    expressions = re.findall(r"expr: (?:>-\n +)?(.+)", rules)
    assert len(expressions) == rules.count("- alert: ")
    named = set(re.findall(r"\b(?:penholder|node)_\w+", " ".join(expressions)))
    assert named - given - OF_OTHERS == set()
    assert {"penholder_store_failing", "penholder_unserved_workers", *OF_OTHERS} <= named
    assert set(re.findall(r'state="(\w+)"', rules)) <= set(get_args(WorkerState))
    assert re.search(r'penholder_errors_total{class="1001",method="worker.get"} 1', text)


def test_every_alert_says_what_is_wrong_and_names_commands_that_there_are() -> None:
    rules = RULES.read_text("utf-8")
    for rule in rules.split("- alert: ")[1:]:
        for part in ("expr:", "labels: {severity: ", "summary: ", "description: "):
            assert part in rule, rule
    named = set(re.findall(r"`penholder (\w+)", rules.replace("\n            ", " ")))
    assert named - {*catalog.COMMANDS} == set()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: apt install prometheus")
def test_prometheus_reads_the_alert_rules() -> None:
    subprocess.run(["promtool", "check", "rules", str(RULES)], check=True, capture_output=True)
