# `make demo` shows the library; `make check` is for daily work, `make test` for before a push, and
# `make test-slow` for what costs much and rarely fails. Each sets itself up in .venv.
SHELL := /bin/bash
VENV  := .venv
BIN   := $(VENV)/bin
DATA  ?=
HOME_FOLDER ?= recsys-home
SUPPORTED := import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))
FOUND := $(shell for p in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.10 python; do \
	$$p -c '$(SUPPORTED)' >/dev/null 2>&1 && echo $$p && break; done)

.PHONY: demo check test test-slow lint docs python clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.base
	@$(BIN)/towhee-recsys --home $(HOME_FOLDER) demo $(if $(DATA),--data $(DATA))

check: $(VENV)/.test lint
	$(BIN)/python -m pytest -q -n 2 -m "not service and not slow and not long"

test: $(VENV)/.test lint
	$(BIN)/python -m pytest -q -n 2

test-slow: $(VENV)/.test
	$(BIN)/python benchmarks/slow_tests.py

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.test
	$(BIN)/python -m sphinx -W --keep-going -q docs site
	@echo "The site is in site/; open site/index.html."

$(VENV)/.base: setup.cfg | python
	@[ -x $(BIN)/python ] || $(FOUND) -m venv $(VENV)
	@echo "Installing towhee_recsys into $(VENV); the first time this takes a minute or two."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: $(VENV)/.base
	@echo "Installing what the tests need."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

python:
	@if [ -z "$(FOUND)" ]; then \
		echo "towhee_recsys needs Python 3.10 to 3.13, and none was found; install one, or name it: make demo PYTHON=/path/to/python3.12"; \
		exit 1; \
	fi

clean:
	rm -rf $(VENV) build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
