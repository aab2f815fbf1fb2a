# National-sync from a fresh checkout: Python 3.11+ with venv, make and a package registry are enough.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed-runtime
DEVELOPMENT := $(VENV)/.installed-development
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first interpreter that is new enough; `make demo PYTHON=/path/to/python` uses another one.
RECENT := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for each in python3 python3.11 python3.12 python3.13 python3.14; do \
	if "$$each" -c '$(RECENT)' >/dev/null 2>&1; then echo "$$each"; break; fi; done)

.PHONY: help demo kiosk browser test lint format types catalogue examples wheel-test bench mutants soak clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## set everything up, then show two nights against a mock national system
	@$(BIN)/national-sync demo

kiosk: $(RUNTIME) ## serve a kiosk on the demo's database, with three cards to print
	@test -f demo/national-sync.db || $(BIN)/national-sync demo
	@$(BIN)/national-sync kiosk demo

browser: ## install Chromium for the tests of the kiosk's page, where there is none
	@sh tools/browser.sh

test: $(DEVELOPMENT) ## set everything up, then run every test (PYTEST_ARGS=… narrows it)
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

lint: $(DEVELOPMENT) ## check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

types: $(DEVELOPMENT) ## check types only
	@$(BIN)/mypy

format: $(DEVELOPMENT) ## put the code into its usual form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

catalogue: $(DEVELOPMENT) ## bring the Chinese catalogue up to date with the texts in the code
	@$(BIN)/python -m tools.catalogue

examples: $(DEVELOPMENT) ## write config/ anew from the settings and the policy
	@$(BIN)/national-sync settings example > config/national-sync.example.toml
	@$(BIN)/national-sync settings policy > config/policy.toml

wheel-test: $(DEVELOPMENT) ## build the wheel and try it in an empty environment
	@$(BIN)/python -m pytest -m packaging tests/packaging

bench: $(DEVELOPMENT) ## run the benchmarks and write bench/RESULTS.md
	@$(BIN)/python -m bench all

mutants: $(DEVELOPMENT) ## put deliberate faults into the ledger, one by one; the tests must notice each
	@$(BIN)/python -m tools.mutants

soak: $(DEVELOPMENT) ## let kiosks and nights work on one file for half an hour (SECONDS=60 for a short look)
	@SOAK_SECONDS=$(or $(SECONDS),1800) $(BIN)/python -m pytest -m soak -s tests/soak

clean: ## remove the environment and everything that was built
	rm -rf $(VENV) dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "需要 Python 3.11 或更新版本，且带 venv 模块；请安装后再试，或使用 make PYTHON=/路径/python。"; \
		echo "Python 3.11 or newer with its venv module is needed: install it, or use make PYTHON=/path/to/python."; \
		exit 1; fi
	@if ! "$(PYTHON)" -c '$(RECENT)' 2>/dev/null; then \
		echo "$(PYTHON)：版本低于 3.11，或缺少 venv 模块（Debian 与 Ubuntu：apt install python3-venv）。"; \
		echo "$(PYTHON) is older than 3.11 or lacks venv (on Debian and Ubuntu: apt install python3-venv)."; \
		exit 1; fi
	@"$(PYTHON)" -m venv $(VENV)

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/python
	@echo "正在安装程序（仅此一次）… / Installing the program, this once…"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(DEVELOPMENT): pyproject.toml constraints.txt | $(BIN)/python
	@echo "正在安装程序与测试工具（仅此一次）… / Installing the program and the test tools, this once…"
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(RUNTIME)
