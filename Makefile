# Loa. `make demo` runs the whole system on this machine; `make test` checks it. Each does its own set-up.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO   ?=
TESTS  ?= -n 4 --dist loadscope --no-loadscope-reorder
SECONDS ?= 60

.PHONY: demo test check setup lint types contracts messages migrations collect worlds bench fuzz clean help
.DEFAULT_GOAL := help

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: setup  ## the whole system with the Bảo Nhai fleet, in one terminal (Ctrl-C ends it)
	@$(BIN)/loa demo $(DEMO)

setup: $(VENV)/.runtime  ## .venv with everything Loa runs on, and the command .venv/bin/loa

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Loa needs Python 3.11 or newer; say PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "No virtual environment could be made (Debian, Ubuntu: apt-get install python3-venv)." >&2; exit 1; }

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml package-lock.json tools/vendor.py | $(BIN)/python
	@echo "Setting up …" >&2
	@$(PIP) install --require-hashes -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python tools/vendor.py
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/.runtime
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

test: setup $(VENV)/.dev  ## every test; installs what it needs (Mosquitto, PostgreSQL, Chromium and more) through apt
	@tools/system_packages.sh mosquitto postgresql chromium iproute2 iptables gcc libc6-dev
	@$(BIN)/python -m pytest $(TESTS)

check: lint types contracts messages migrations collect  ## style, types, import directions, catalogues, migrations, tests that load

lint: $(VENV)/.dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev
	@$(BIN)/mypy

contracts: $(VENV)/.dev
	@$(BIN)/lint-imports

messages: $(VENV)/.dev
	@$(BIN)/python -m server.i18n.check

migrations: $(VENV)/.dev
	@$(BIN)/python -m server.migrations.check

collect: $(VENV)/.dev
	@$(BIN)/python -m pytest --collect-only -qq >$(VENV)/.collected || { cat $(VENV)/.collected; exit 1; }

worlds: setup  ## two hundred worlds of three days on a virtual clock, with faults (about five minutes on two cores)
	@$(BIN)/loa simulate --seeds 1..200 --days 3

bench: setup  ## the figures of docs/benchmarks.md
	@tools/system_packages.sh mosquitto
	@$(BIN)/python -m benchmarks.fanout

fuzz: setup $(VENV)/.dev  ## readers of foreign bytes, each for SECONDS=60
	@$(PIP) install --require-hashes -r requirements/fuzz.txt
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

clean:
	rm -rf $(VENV) node_modules server/web/static/vendor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
