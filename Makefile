# `make run` is all that is needed: it installs what is missing, then serves. PORT=8001 chooses another port.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := run

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
INSTALLED_TEST := $(VENV)/.installed-test
TORCH := torch==2.13.0
TYPED := agents api benchmarks chat cli demo evaluation history knowledge orchestration people tests app.py

# What pip does, without what it merely considers.
# constraints.txt holds the versions that the tests ran with.
PIP = $(PYTHON) -m pip install --constraint constraints.txt --disable-pip-version-check --no-input --progress-bar off
SHOW = sed -un -e '/^Collecting/p' -e '/^Downloading/p' -e '/^Installing/p' -e '/^Successfully/p'

.PHONY: run install test check bench chaos fuzz demo evaluate clean

run: $(INSTALLED)
	@exec $(VENV)/bin/roundtable serve

# make install EXTRA=ollama installs what a language model needs as well.
install: $(INSTALLED)
	@$(if $(EXTRA),$(PIP) --editable '.[$(EXTRA)]' | $(SHOW))

# Tests wait more than they compute, so there may be more of them at a time than processors.
PROCESSES ?= 3
test: $(INSTALLED_TEST)
	@$(PYTHON) -m pytest --numprocesses $(PROCESSES) --no-loadscope-reorder

check: $(INSTALLED_TEST)
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy $(TYPED)

bench: $(INSTALLED_TEST)
	@$(PYTHON) -m benchmarks.coordination
	@$(PYTHON) -m benchmarks.knowledge
	@$(PYTHON) -m benchmarks.models

# make chaos SEED=1 TASKS=2000 KILLS=60 REDIS=sentinel
SEED ?= 1
TASKS ?= 200
KILLS ?= 10
REDIS ?= single
chaos: $(INSTALLED)
	@$(PYTHON) -m benchmarks.chaos --seed $(SEED) --tasks $(TASKS) --kills $(KILLS) --redis $(REDIS)

# make fuzz SEED=1 FILES=1000
FILES ?= 1000
fuzz: $(INSTALLED_TEST)
	@$(PYTHON) -m benchmarks.fuzz --seed $(SEED) --files $(FILES)

# make demo goes on when Enter is pressed, AUTO=1 by itself; RECORD=1 takes the README's pictures. SCENE=5 begins there.
demo: $(INSTALLED_TEST)
	@exec $(PYTHON) -m demo $(if $(AUTO),--auto) $(if $(RECORD),--record) $(if $(SCENE),--scene $(SCENE))

# make evaluate SET=metatool DATA=path/to/the/sets
SET ?= metatool
evaluate: $(INSTALLED)
	@$(VENV)/bin/roundtable evaluate --set "$(SET)" --data "$(DATA)" --json

clean:
	@rm -rf build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis $(INSTALLED) $(INSTALLED_TEST)
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

# A name on the path may be a stub that runs nothing, so each candidate is tried.
$(PYTHON):
	@for name in python3.12 python3.11 python3; do \
	  if "$$name" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; \
	  then exec "$$name" -m venv $(VENV); fi; \
	done; \
	echo 'Roundtable needs Python 3.11 or 3.12 with its venv module; install one and run make again.' >&2; exit 1

# Torch comes first and by itself: a build that is there already, such as one without CUDA, is kept.
$(INSTALLED): pyproject.toml constraints.txt | $(PYTHON)
	@if ! $(PYTHON) -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)'; then \
	  echo 'Installing torch, the largest part; this takes a while.'; $(PIP) '$(TORCH)' | $(SHOW); fi
	@echo 'Installing Roundtable.'
	@$(PIP) -e . | $(SHOW)
	@touch $@

$(INSTALLED_TEST): $(INSTALLED)
	@echo 'Installing what the tests need.'
	@$(PIP) -e '.[test]' | $(SHOW)
	@touch $@
