# `make help` lists what there is; each makes .venv first where it is missing. They need Python 3.11 or newer.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: help lab

help:
	@echo "make lab    work through the course in JupyterLab"
ifneq ($(wildcard solutions),)  # students have none
	@echo "make demo   grade an example class of 12 and print the gradebook"
	@echo "make test   run every test and validate every notebook"
	@echo "make bench  measure the layers against their peers, on a quiet machine"
endif

lab: .venv/installed
	$(BIN)/course lab

ifneq ($(wildcard solutions),)
.PHONY: demo test bench

demo: .venv/installed
	$(BIN)/course demo --students 12 --out build/demo

# One process a core, and one thread each: threads of several processes that wait for one another take ten times as long.
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: .venv/installed-dev
	$(BIN)/python -m pytest -n logical --dist loadfile --no-loadscope-reorder
	@echo "every notebook of the course, executed on these processes; the last line says how long it took:"
	$(BIN)/python -m pytest -n logical --dist loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout=300 -q \
		-p no:cacheprovider solutions

bench: .venv/installed-bench
	$(BIN)/python benchmarks/cells.py
endif

.venv/installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: this course needs Python 3.11 or newer, and none was found"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; \
		sys.exit(f"error: this course needs Python 3.11 or newer, $(PYTHON) is {v}" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv || { echo "error: python's venv module does not work; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@

.venv/installed-bench: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --editable ".[dev,bench]"
	@touch $@
