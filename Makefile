# Every target sets up what it needs first; a second call does not install again.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: install demo test run bench lint

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[demo,dev]'
	touch $@

demo: install
	$(BIN)/python -m bot.offline

test: install
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

run: install
	$(BIN)/python -m bot

bench: install
	$(BIN)/python -m benchmarks $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
