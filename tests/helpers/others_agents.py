"""Agents that nobody here wrote: examples of two SDKs, fetched by name and version, and by hash.

Where a registry cannot be reached, or there is no Node, tests with them are skipped, and say why.
"""

import hashlib
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.helpers import node

PYTHON = ("agent-client-protocol==0.12.1", "agent_client_protocol-0.12.1.tar.gz",
          "9963ccb590ed96d7dc542c9c023e90676fc76b1c6562e21a9ee112f4fbcb0095")  # fmt: skip
NODE = ("@agentclientprotocol/sdk@1.9.0", "agentclientprotocol-sdk-1.9.0.tgz",
        "0d83ff229cbaed6346a1d72ae5efe2fc512b27ec9dc97e8fb1a1e14004b19c01")  # fmt: skip
ZOD = ("zod@4.1.13", "zod-4.1.13.tgz",
       "fda0b424c838c6694582876702ad7db6b880f6cf7380f8d55a0624d9c358398c")  # fmt: skip
_TIMEOUT_S = 240
_UNREACHABLE = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|"
    r"ENOTCACHED|No matching distribution|Temporary failure|Max retries|\bE5\d\d\b"
)


def python_examples(directory: Path) -> dict[str, list[str]]:
    """Return how the examples of the Python SDK's sdist are run, by their names."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    name = PYTHON[0]
    _run([*pip, "download", "--no-deps", "--no-binary", "agent-client-protocol", name], directory)
    _unpacked(directory, *PYTHON[1:])
    library = directory / "library"
    _run([*pip, "install", "--target", str(library), name], directory)
    examples = directory / "agent_client_protocol-0.12.1/examples"
    start = "import runpy, sys; sys.path.insert(0, sys.argv[1]); "
    run = "runpy.run_path(sys.argv[2], run_name='__main__')"
    command = [sys.executable, "-c", start + run, str(library)]
    return {each.stem: [*command, str(each)] for each in examples.glob("*agent.py")}


def node_examples(directory: Path) -> dict[str, list[str]]:
    """Return how the examples of the TypeScript SDK are run, by their names."""
    node.require()
    modules = directory / "node_modules"
    for name, archive, digest in (NODE, ZOD):
        _run(["npm", "pack", name, "--fetch-retries=0"], directory)
        _unpacked(directory, archive, digest)
        target = modules / name.rpartition("@")[0]
        target.parent.mkdir(parents=True, exist_ok=True)
        (directory / "package").rename(target)
    examples = modules / "@agentclientprotocol/sdk/dist/examples"
    return {each.stem: ["node", str(each)] for each in examples.glob("*agent.js")}


def _unpacked(directory: Path, archive: str, digest: str) -> None:
    content = (directory / archive).read_bytes()
    assert hashlib.sha256(content).hexdigest() == digest, f"{archive} is not what was tried"
    with tarfile.open(directory / archive) as file:
        file.extractall(directory, filter="data")


def _run(command: list[str], directory: Path) -> None:
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "PYTHONWARNINGS": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    reasons = [line for line in done.stdout.splitlines() if _UNREACHABLE.search(line)]
    if done.returncode and reasons:
        pytest.skip(f"a registry cannot be reached: {reasons[0]}")
    assert done.returncode == 0, done.stdout
