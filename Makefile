# `make demo` and `make test` set up all they need: Python 3.11 or later, make and git suffice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One more than two processors: many tests wait for something that takes its seconds.
TEST_PROCESSES ?= 3
# Where this is set every process compiles the program anew, and tests start thousands of them.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo docs test test-postgresql test-interpreters lint types generate missing pictures bench bench-several bench-scale soak clean

demo: $(READY)
	$(BIN)/python -W error -m examples.demo

# The site, in build/site; what leads nowhere is an error.
docs: $(READY)
	$(BIN)/python -m sphinx -c website -d build/doctrees -W --keep-going -q . build/site

test: $(READY) lint types
	$(BIN)/python -m penholder_daemon.generate --check
	$(BIN)/python -m penholder.cli.manual --check
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal

# Types and the fast tests on every other Python from 3.11 on, on PATH or in pyenv's versions.
test-interpreters: $(READY)
	$(BIN)/python -m tests.interpreters

# The rooms, the core and the contract on PostgreSQL: a server of their own, the machine's or the wheel's.
test-postgresql: $(READY)
	PENHOLDER_TEST_STORE=postgresql $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal \
		tests/contract tests/unit/core tests/unit/rooms

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

generate: $(READY)
	$(BIN)/python -m penholder_daemon.generate.nouns_index
	$(BIN)/python -m tests.contract.examples
	$(BIN)/python -m penholder_daemon.generate
	$(BIN)/python -m penholder.cli.manual
	$(BIN)/python -m tests.helpers.acp.generate

# What a new method still lacks, with the file and the line to add.
missing: $(READY)
	$(BIN)/python -m penholder_daemon.generate.nouns_index
	$(BIN)/python -m tests.helpers.missing

# Everything beside the other stores that are installed, within half an hour; then the goals.
bench: $(READY)
	$(BIN)/python -m bench --json docs/plots/bench.json --plots docs/plots

# A daemon with its state in PostgreSQL, beside PostgreSQL itself and one over SQLite.
bench-several: $(READY)
	$(BIN)/python -m bench several

# Journals of 10,000,000 events: some GB in TMPDIR, and some minutes.
bench-scale: $(READY)
	$(BIN)/python -m bench growth cold_start --scale

# Pictures of real runs for the docs; look at them before they are kept.
pictures: $(READY)
	$(BIN)/python -W error -m tests.pictures

soak: $(READY)
	PENHOLDER_SOAK=1 $(BIN)/python -m pytest tests/process tests/sim tests/models \
		tests/unit/core/test_hostile_params.py tests/contract/stores/test_same_answers.py

# The stamp is newer than what decides what is installed; a half-made environment has none.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $(READY)

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
