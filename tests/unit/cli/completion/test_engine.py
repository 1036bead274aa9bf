"""Words, flags and values that may come next."""

import pytest

from penholder.cli import catalog
from penholder.cli.completion import engine, parsers, values
from penholder.cli.run import own_words


class Known(values.Asked):
    """Answers without a daemon."""

    def of(self, kind: str) -> list[str]:
        """Return what the kind is called, twice."""
        return [f"{kind}-a", f"{kind}-b"] if kind in values._READERS else []


def offered(line: str) -> list[str]:
    """Return what the last word of a line may become."""
    return engine.complete(line.split(" "), Known())


@pytest.mark.parametrize(
    ("line", "some"),
    [
        ("", ["ps", "worker", "help", "--version"]),
        ("lo", ["logs"]),
        ("help ", ["ps", "worker"]),
        ("help worker ", ["create"]),
        ("worker ", ["create", "overview"]),
        ("worker create --la", ["--label", "--launcher"]),
        ("worker list --state ", ["running", "stopped"]),
        ("worker list --state=", ["--state=running"]),
        ("logs ", ["NAME-a"]),
        ("logs -f ", ["NAME-a"]),
        ("logs -n ", []),
        ("logs --since ", []),
        ("logs --controller ", ["--controller-a"]),
        ("logs --controller=", ["--controller=--controller-a"]),
        ("logs --std", ["--stdout", "--stderr"]),
        ("stop one ", ["NAME-b"]),
        ("answer ", ["WHAT-a"]),
        ("answer w ", []),
        ("run --restart ", ["never", "on-failure", "always"]),
        ("run --name", ["--name"]),
        ("run make -", []),
        ("run -- ", []),
        ("run claim --lease", ["--lease-ms"]),
        ("tail --types x ", ["STREAM-a"]),
        ("service ", ["install", "logs"]),
        ("service install --s", ["--system"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("nothing ", []),
        ("worker nothing --", []),
        ("ps --format ", ["table", "json", "jsonl", "csv"]),
    ],
)
def test_what_may_come_next(line: str, some: list[str]) -> None:
    found = offered(line)
    assert set(some) <= set(found)
    assert bool(found) == bool(some)
    assert all(each.startswith(line.rsplit(" ", maxsplit=1)[-1]) for each in found)


def test_every_command_has_a_parser_or_verbs() -> None:
    for name, each in catalog.COMMANDS.items():
        if each.group in catalog.GROUPS:
            verbs = each.verbs or ("",)
            assert all(parsers.of_command(name, [verb] if verb else []) for verb in verbs), name


def test_the_flags_of_run_that_take_a_value_are_known() -> None:
    """What is not known to take a value would be taken for the begin of the command."""
    parser = parsers.of_command("run")
    assert parser is not None
    valued = {
        flag
        for action in parser._actions
        for flag in action.option_strings
        if action.nargs is None and len(flag) > 2
    }
    assert valued == own_words.VALUED


def test_only_plain_words_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = ["ok-1", "$(id)", "a b", "-rf", "x;y", "`id`", "é", "a\nb", "", "'q'", "worker:w_1"]
    monkeypatch.setitem(values._READERS, "NAME", lambda _: odd)
    assert values.Asked().of("NAME") == ["ok-1", "worker:w_1"]


def test_nobody_hears_of_what_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENHOLDER_RUNTIME_DIR", "/nonexistent")
    monkeypatch.setenv("PENHOLDER_STATE_DIR", "/nonexistent")
    assert values.Asked().of("NAME") == []
