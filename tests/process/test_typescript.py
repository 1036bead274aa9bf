"""The TypeScript client: type-checked, tested by its own tests, its example run as a worker.

Needs Node 20 and the npm registry, for the compiler; without them these tests are skipped and say
why. The package is copied, so that nothing is left in the tree.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from penholder.blocking import Client
from penholder_daemon.generate.__main__ import ROOT
from tests.helpers import node, soak
from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.docs.blocks import blocks
from tests.helpers.examples import check_worker

_PACKAGE = ROOT / "clients/typescript"
_TIMEOUT_S = 120
_UNREACHABLE = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|"
    r"ERR_SOCKET_TIMEOUT|ENOTCACHED|network|\bE5\d\d\b",
)
# Appends numbered events and reads them along until stdin ends; then says what it saw.
_RESUMING = """
import { Client } from "./dist/src/client.js";
const client = await Client.control();
const worker_id = process.argv[1];
const entries = await client.subscribe({ streams: [`worker:${worker_id}`], after: "start" });
let stopped = false;
process.stdin.on("end", () => (stopped = true)).resume();
let number = 0;
while (!stopped) {
  await client.event.append({ worker_id, type: "n", data: { number: ++number } });
  if (number === 1) console.log("appending");
}
const seen = [];
while (seen.length < number) seen.push((await entries.next()).value.data.number);
console.log(JSON.stringify({ number, seen }));
entries.close();
client.close();
"""
# What a program of somebody else's has of the package: its types, and it itself.
_USING = """
import { Client, ConnectionLost, NoDaemon, PenholderError, type Entry } from "penholder";
const client: Client = await Client.control();
const entry: Entry | undefined = (await client.journal.read({ streams: ["*"] })).items[0];
if (entry instanceof PenholderError || !(await client.rpc.ping()).pong) throw new ConnectionLost();
client.close();
await Client.connect("/nonexistent/control.sock", { reconnectMs: 0 }).catch((error: unknown) => {
  if (!(error instanceof NoDaemon)) throw error;
});
"""
# Of what the README's blocks use it is the only thing that a browser or Node has, not the language.
_CONSOLE = "declare const console: { log(...what: unknown[]): void };\n"
_STRICT = {
    "strict": True, "module": "NodeNext", "target": "ES2022", "lib": ["ES2022"], "types": [],
}  # fmt: skip
_MADE = ("node_modules", "dist", "*.tgz")


def _run(command: list[str], directory: Path, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout


def _npm(directory: Path, *words: str) -> str:
    quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0"]
    status, said = _run(["npm", *words, *quiet], directory)
    reasons = [line for line in said.splitlines() if _UNREACHABLE.search(line)]
    if status and reasons:
        pytest.skip(f"the npm registry cannot be reached: {reasons[0]}")
    assert status == 0, said
    return said


def _copy(directory: Path) -> Path:
    shutil.copytree(_PACKAGE, directory, ignore=shutil.ignore_patterns(*_MADE))
    return directory


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the package, type-checked and compiled."""
    node.require()
    directory = _copy(tmp_path_factory.mktemp("typescript") / "package")
    _npm(directory, "ci")
    # Who installs it from a checkout gets it compiled: what is checked in is source alone.
    assert (directory / "dist/src/client.js").is_file()
    shutil.rmtree(directory / "dist")
    compiler = ["node", "node_modules/typescript/bin/tsc"]
    assert _run([*compiler, "--noEmit"], directory) == (0, "")
    assert _run(compiler, directory) == (0, "")
    return directory


def test_the_package_names_exact_versions_and_no_place() -> None:
    """An address in the lock file would be that of whoever made it."""
    described = json.loads((_PACKAGE / "package.json").read_text("utf-8"))
    locked = json.loads((_PACKAGE / "package-lock.json").read_text("utf-8"))
    assert "dependencies" not in described
    assert locked["packages"][""]["devDependencies"] == described["devDependencies"]
    for name, version in described["devDependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked["packages"][f"node_modules/{name}"]["version"] == version
    for name, each in locked["packages"].items():
        assert "resolved" not in each, name
        assert name == "" or each["integrity"].startswith("sha512-")


def test_its_version_is_that_of_the_daemon() -> None:
    described = json.loads((_PACKAGE / "package.json").read_text("utf-8"))
    contract = json.loads((ROOT / "protocol/penholder_protocol/openrpc.json").read_text("utf-8"))
    assert described["version"] == contract["info"]["version"]


@pytest.mark.parametrize("how", ["folder", "tarball"] if soak.IS_ASKED_FOR else ["tarball"])
def test_it_is_installed_from_a_folder_and_from_a_tarball(
    package: Path, daemon: DaemonProcess, tmp_path: Path, how: str
) -> None:
    """The folder lies beside the program, as a checkout does, and nothing was built in it."""
    source = _copy(tmp_path / "penholder")
    program = tmp_path / "program"
    program.mkdir()
    (program / "package.json").write_text('{"type": "module", "private": true}')
    if how == "tarball":
        _npm(source, "pack", "--pack-destination", str(program))
        shutil.rmtree(source)
    [packed] = [str(path) for path in program.glob("*.tgz")] or ["../penholder"]
    # Without what a program need not have to run: the compiler is the package's own.
    _npm(program, "install", packed, "--omit=dev")
    (program / "a.ts").write_text(_USING)
    for number, block in enumerate(blocks(_PACKAGE / "README.md", "ts")):
        (program / f"readme_{number}.ts").write_text(_CONSOLE + block.text)
    (program / "tsconfig.json").write_text(json.dumps({"compilerOptions": _STRICT}))
    compiler = str(package / "node_modules/typescript/bin/tsc")
    assert _run(["node", compiler, "-p", "."], program) == (0, "")
    found = {"PENHOLDER_RUNTIME_DIR": str(daemon.runtime_dir)}
    assert _run(["node", "a.js"], program, **found) == (0, "")
    # On a daemon that has nothing yet, as a reader's.
    for number, _ in enumerate(blocks(_PACKAGE / "README.md", "ts")):
        status, said = _run(["node", f"readme_{number}.js"], program, **found)
        assert status == 0, said


@pytest.mark.parametrize("name", ["connection", "daemon", "retries"])
def test_its_own_tests_pass(package: Path, daemon: DaemonProcess, name: str) -> None:
    status, said = _run(
        ["node", "--test", f"dist/tests/{name}.test.js"],
        package,
        PENHOLDER_RUNTIME_DIR=str(daemon.runtime_dir),
        PENHOLDER_RETRY_CASES=str(ROOT / "protocol/retry_cases.json"),
    )
    assert status == 0, said
    assert re.search(r"^# pass [1-9]", said, re.MULTILINE), said
    assert re.search(r"^# (fail|skipped|cancelled) [1-9]", said, re.MULTILINE) is None, said


@pytest.mark.parametrize(("option", "by_argument"), [("allow", False), ("deny", True)])
def test_the_example_is_a_worker(
    package: Path, daemon: DaemonProcess, option: str, by_argument: bool
) -> None:
    command = ["node", str(package / "dist/examples/worker.js")]
    with Client(daemon.control_socket) as client:
        client.controller.register(controller_id="c", label="c", workspace_key="/w")
        check_worker(daemon, client, command, option, by_argument=by_argument)


def test_calls_and_subscriptions_go_on_over_crashes(package: Path, daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
    program = subprocess.Popen(
        ["node", "--input-type=module", "-e", _RESUMING, worker_id],
        cwd=package, env=daemon.environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stdout.readline() == "appending\n"
    for _ in range(3):
        daemon.restart()
        with daemon.connect() as control:
            before = control.call("event.latest", worker_id=worker_id)["event_seq"]
            control.call("event.wait", worker_id=worker_id, after_seq=before)
    said, _ = program.communicate(timeout=_TIMEOUT_S)
    told = json.loads(said)
    assert told["seen"] == list(range(1, told["number"] + 1))
    with daemon.connect() as control:
        assert control.call("event.latest", worker_id=worker_id)["event_seq"] == told["number"]
