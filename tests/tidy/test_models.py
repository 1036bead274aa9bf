"""Every method that callers reach has a model: a new one without is noticed here."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from tests.models.machine import REGISTRY, Machine
from tests.tidy.source import files, name, require_none

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
    modelled = [path for path in files("tests/models") if path.name.startswith("test_")]
    modules = [import_module(_dotted(path)) for path in modelled]
    classes = [found for module in modules for found in vars(module).values()]
    return [
        found
        for found in classes
        if isinstance(found, type) and issubclass(found, Machine) and "calls" in vars(found)
    ]


def _dotted(path: Path) -> str:
    return name(path).removesuffix(".py").replace("/", ".")


CALLED = {
    method: machine.__module__.replace(".", "/") + ".py"
    for machine in _machines()
    for method in machine.calls
}
"""Where the machine is that calls a method."""


def _unsettled(
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
                f" {name(Path(__file__))}"
            )
    return found


def _models_of(method: str, called: Mapping[str, str]) -> str:
    """Name the modules whose machines call other methods of the same room."""
    room = method.partition(".")[0] + "."
    near = sorted({path for other, path in called.items() if other.startswith(room)})
    return " or ".join(near) or "a new module of tests/models"


def test_a_method_has_a_model_or_a_reason_for_none() -> None:
    require_none(_unsettled(REACHED, CALLED, WITHOUT_MODEL))


def test_nothing_is_said_of_methods_that_there_are_not() -> None:
    assert {*CALLED, *WITHOUT_MODEL} - {*REACHED} == set()


def test_these_rules_notice_what_breaks_them() -> None:
    called = {"a.get": "tests/models/test_a.py", "b.get": "tests/models/test_b.py"}
    assert _unsettled(["a.get", "b.get", "c.get"], called, {"c.get": "no need"}) == []
    one, other, both = _unsettled(["a.set", "d.get", "b.get"], called, {"b.get": "no need"})
    assert "rule of tests/models/test_a.py, compare" in one
    assert 'add `"a.set": "why",` to WITHOUT_MODEL in tests/tidy/test_models.py' in one
    assert "rule of a new module of tests/models, compare" in other
    assert both == "b.get has a model in tests/models/test_b.py: take its reason away"
