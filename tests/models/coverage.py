"""Which methods have a model, which need none and why, and what is to be done about the rest."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from penholder_daemon.generate.__main__ import ROOT
from tests.models.machine import REGISTRY, Machine

WITHOUT_MODEL = {
    "rpc.hello": "answers from the connection, which a model does not have",
    "rpc.ping": "answers from the clock alone",
    "rpc.discover": "answers with a generated file",
    "rpc.cancel": "ends a wait, for which a second call must be under way",
    "tx.apply": "carries out what other methods do; its own promises are those of the transaction",
    "journal.subscribe": "sends notifications, which need a connection",
    "journal.unsubscribe": "ends them",
    "journal.wait": "reads as journal.read does, once there is something",
    "host.list": "tells of the machines that share a store, of which a model has one",
    "backend.list": "answers from the configuration alone",
    "daemon.health": "tells of the process and the disk",
    "daemon.status": "tells of the process and the disk",
    "daemon.metrics": "tells of the process and the disk",
    "daemon.config": "tells of the configuration",
    "daemon.verify": "is the check that every machine makes of the database after each step",
    "daemon.backup": "writes a file",
    "daemon.prune": "deletes what every model expects to find",
    "daemon.shutdown": "ends the daemon",
}
REACHED = [method.name for method in REGISTRY.methods.values() if method.sockets]


def _machines() -> list[type[Machine]]:
    """Return the machines that say what they are the model of."""
    here = Path(__file__).parent
    modules = [import_module(f"tests.models.{path.stem}") for path in here.glob("test_*.py")]
    classes = [found for module in modules for found in vars(module).values()]
    return [
        found
        for found in classes
        if isinstance(found, type) and issubclass(found, Machine) and "calls" in vars(found)
    ]


CALLED = {
    method: machine.__module__.replace(".", "/") + ".py"
    for machine in _machines()
    for method in machine.calls
}
"""Where the machine is that calls a method."""


def unsettled(
    reached: Iterable[str], called: Mapping[str, str], without: Iterable[str]
) -> list[str]:
    """Return what is to be done about methods with neither a model nor a reason, or with both."""
    found = []
    for method in reached:
        if method in called and method in without:
            found.append(f"{method} has a model in {called[method]}: take its reason away")
        elif method not in called and method not in without:
            found.append(
                f"{method} has no model. Call it in a rule of {_models_of(method, called)}, compare"
                f' its answer with the model\'s, and add "{method}" to the `calls` of that machine.'
                f' Or say why not: add `"{method}": "why",` to WITHOUT_MODEL in'
                f" {Path(__file__).relative_to(ROOT)}"
            )
    return found


def _models_of(method: str, called: Mapping[str, str]) -> str:
    """Name the modules whose machines call other methods of the same room."""
    room = method.partition(".")[0] + "."
    near = sorted({path for other, path in called.items() if other.startswith(room)})
    return " or ".join(near) or "a new module of tests/models"
