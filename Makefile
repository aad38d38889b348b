# make demo     install, meta-train for a few minutes on two cores, test, and show what adaptation gains
# make test     install, then lint, format, types and the whole suite (CPU only)
# make docs     the documentation as a site, with its examples run: build/docs/html (some minutes)
# make install  the environment alone, in .venv; `.venv/bin/mzsr` is the command
# Python 3.10-3.14 is looked for; PYTHON=/path/to/python chooses one, TORCH="torch==… torchvision==…" another pair.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do \
	"$$p" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 15))' 2>/dev/null && echo "$$p" && break; done)
TORCH ?= torch torchvision
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test docs install bench clean

install: $(READY)

$(READY): setup.py
	@test -n "$(PYTHON)" || { echo "error: no Python 3.10 to 3.14 found; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade pip
	@echo "installing torch (some GB, some minutes on a first run) …"
	$(PIP) install --quiet $(TORCH)
	@echo "installing mzsr_basicsr and BasicSR …"
	$(PIP) install --quiet --editable '.[dev,demo]'
	$(BIN)/python -m mzsr_basicsr.host.install
	@touch $(READY)

demo: $(READY)
	$(BIN)/mzsr demo

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

docs: $(READY)
	$(PIP) install --quiet --editable '.[docs]'
	$(BIN)/python docs/site/build.py

bench: $(READY)
	$(PIP) install --quiet --editable '.[bench]'
	$(BIN)/python benchmarks/meta_step.py
	$(BIN)/python benchmarks/task_generation.py
	$(BIN)/python benchmarks/zero_shot.py

clean:
	rm -rf $(VENV) demo_output build/docs
