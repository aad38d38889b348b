# make demo   install, meta-train for a few minutes on two cores, test, and show what adaptation gains
# make test   install, then lint, format, types and the whole suite (CPU only)
# Python 3.10-3.12 is looked for; PYTHON=/path/to/python chooses one, TORCH="torch==… torchvision==…" another pair.

PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.10; do \
	"$$p" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null && echo "$$p" && break; done)
TORCH ?= torch torchvision
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test install bench clean

install: $(READY)

# BasicSR's build would fetch a second torch into an isolated environment; without isolation it needs none.
$(READY): setup.py
	@test -n "$(PYTHON)" || { echo "error: no Python 3.10, 3.11 or 3.12 found; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade pip "setuptools>=70.1" wheel numpy
	@echo "installing torch (some GB, some minutes on a first run) …"
	$(PIP) install --quiet $(TORCH)
	@echo "installing BasicSR and mzsr_basicsr …"
	$(PIP) install --quiet --no-build-isolation --use-pep517 basicsr==1.4.2
	$(PIP) install --quiet --no-build-isolation --editable '.[dev]'
	@touch $(READY)

demo: $(READY)
	$(BIN)/mzsr demo

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

bench: $(READY)
	$(PIP) install --quiet --no-build-isolation --editable '.[bench]'
	$(BIN)/python benchmarks/meta_step.py
	$(BIN)/python benchmarks/task_generation.py
	$(BIN)/python benchmarks/zero_shot.py

clean:
	rm -rf $(VENV) demo_output
