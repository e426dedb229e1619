# Nightshift. `make help` lists what can be done; every target installs what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
DATA ?=
SOAK ?=
WORKERS ?= 2
export NIGHTSHIFT_LABEL_STUDIO_BIN ?= $(CURDIR)/.venv-label-studio/bin/label-studio
export YOLO_AUTOINSTALL := false
export DO_NOT_TRACK := 1

.PHONY: help install demo down test quick lint bench backtest faults soak debian clean

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install:  ## both virtual environments (a few GB, a few minutes)
	@$(MAKE) --no-print-directory -j2 .venv/.installed .venv-label-studio/.installed

demo: install  ## the whole loop on this machine: make demo, or make demo DATA=a/coco/folder
	@$(BIN)/nightshift demo $(if $(DATA),--data "$(DATA)")

down:  ## stop the servers that demo or `nightshift up` left running
	@test ! -x $(BIN)/nightshift || { $(BIN)/nightshift down --folder .demo/stack; $(BIN)/nightshift down; }

test: export OMP_NUM_THREADS ?= 1  # processes enough
test: install debian lint  ## every test, against real servers too
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=40

quick: .venv/.installed  ## the fast tests
	$(BIN)/pytest -n 2 --dist loadfile -m "not live and not slow" tests/unit tests/contract tests/flows

lint: .venv/.installed  ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install  ## measure against peers; writes .bench/results.json
	$(BIN)/python -m benchmarks.run

backtest: install  ## what strategies would have cost: make backtest, or make backtest DATA="a/labelled/folder another"
	@$(BIN)/nightshift backtest $(DATA) --quick --seeds 1

faults: install  ## a sample of the soak: kills, faults, races, hostile input; writes .bench/faults.json
	$(BIN)/python -m tests.faults.soak --scale 0.02

soak: install  ## all of it, for the better part of an hour; make soak SOAK=--resume goes on where it stopped
	$(BIN)/python -m tests.faults.soak $(SOAK)

debian:  # the browser and the real S3 server of the live tests, where this machine lets us install them
	@set -e; missing=""; \
	command -v chromium >/dev/null && command -v chromedriver >/dev/null || missing="chromium chromium-driver"; \
	command -v radosgw >/dev/null && command -v ceph-mon >/dev/null && command -v ceph-osd >/dev/null || \
	  missing="$$missing ceph-mon ceph-osd radosgw"; \
	test -z "$$missing" || { command -v apt-get >/dev/null && test "$$(id -u)" = 0 && \
	  echo "Installing $$missing" && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; } || \
	  echo "Not installed: $$missing. The tests that need them will say so."

clean: down  ## stop everything and delete what was made here
	rm -rf .venv .venv-label-studio .demo .nightshift .bench

.venv/.installed: pyproject.toml constraints.txt
	@echo "Installing Nightshift into .venv"
	@$(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null
	@$(BIN)/uv pip install --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	@touch $@

.venv-label-studio/.installed: constraints-label-studio.txt .venv/.installed
	@echo "Installing Label Studio into .venv-label-studio"
	@$(PYTHON) -m venv .venv-label-studio
	@$(BIN)/uv pip install --python .venv-label-studio/bin/python --constraint constraints-label-studio.txt label-studio
	@touch $@
