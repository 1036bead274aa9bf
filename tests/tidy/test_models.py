"""Every method that callers reach has a model: a new one without is noticed here."""

from importlib import import_module
from pathlib import Path

import pytest

from tests.models.machine import REGISTRY, Machine
from tests.tidy.source import files, name

WITHOUT_MODEL = {
    "rpc.hello": "answers from the connection, which a model does not have",
    "rpc.ping": "answers from the clock alone",
    "rpc.discover": "answers with a generated file",
    "rpc.cancel": "ends a wait, for which a second call must be under way",
    "tx.apply": "carries out what other methods do; its own promises are those of the transaction",
    "journal.subscribe": "sends notifications, which need a connection",
    "journal.unsubscribe": "ends them",
    "journal.wait": "reads as journal.read does, once there is something",
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
    modelled = [path for path in files("tests") if path.match("models/test_*.py")]
    modules = [import_module(_dotted(path)) for path in modelled]
    classes = [found for module in modules for found in vars(module).values()]
    return [
        found
        for found in classes
        if isinstance(found, type) and issubclass(found, Machine) and "calls" in vars(found)
    ]


def _dotted(path: Path) -> str:
    return name(path).removesuffix(".py").replace("/", ".")


CALLED = {method for machine in _machines() for method in machine.calls}


@pytest.mark.parametrize("method", REACHED)
def test_a_method_has_a_model_or_a_reason_for_none(method: str) -> None:
    assert (method in CALLED) != (method in WITHOUT_MODEL)


def test_nothing_is_said_of_methods_that_there_are_not() -> None:
    assert CALLED | set(WITHOUT_MODEL) == set(REACHED)
