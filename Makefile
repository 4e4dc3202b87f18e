# Crescendo. Each target sets up what it needs; once set up, this takes no time.
# Required on the machine: python3 (3.11 or newer, with venv), make, git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(VENV)/uv/bin/uv
# The stamp files are inside the environment and named after the interpreter: `make PYTHON=python3.13 test` creates a new one.
CREATED := $(VENV)/made-with-$(notdir $(PYTHON))
READY := $(VENV)/ready-with-$(notdir $(PYTHON))
MIGRATIONS = $(wildcard posting/store/migrations/*.sql)
# Where Python may not write bytecode by itself, every process would compile the sources again.
COMPILE = $(BIN)/python -m compileall -q -j 0 bench core ingest kernels markup monitoring posting reporting service settlement tests

export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bench serve setup

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## set up everything, process a sample year, print a verdict
	@$(COMPILE)
	$(BIN)/crescendo demo $(ARGS)

# Test files run in parallel, the longest first, each process with its own PostgreSQL; the kernels are compiled once, before.
# There are two processes for a core, as tests also wait: for servers, for the ends of commands, for scrapes.
test: $(READY) ## set up everything, run the tests (more options: make test ARGS="-k database")
	@$(COMPILE)
	$(BIN)/python -m kernels
	$(BIN)/pytest -n $$($(BIN)/python -c 'import os; print(min((os.cpu_count() or 1) * 2, 8))') --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(READY) ## format, lint, types, layers, migrations, image, names, house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(if $(MIGRATIONS),$(BIN)/squawk $(MIGRATIONS))
	$(BIN)/hadolint Dockerfile
	$(BIN)/pytest --quiet tests/test_names.py tests/test_house_rules.py

bench: $(READY) ## benchmarks that verify before they time
	$(BIN)/crescendo bench $(ARGS)

serve: $(READY) ## HTTP service, engine, metrics
	$(BIN)/crescendo serve $(ARGS)

setup: $(READY) ## create the environment and nothing else
	@echo "$(BIN)/crescendo is ready. Its first run, serve or demo compiles the kernels, which takes a minute or two."

$(CREATED): tools/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is required, for example: make PYTHON=python3.13")'
	@echo "Creating $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --target $(VENV)/uv -r tools/uv.txt
	@touch $@

# uv installs the packages of uv.lock from the addresses in it. Behind a package mirror those may be unreachable: then pip,
# which uses the mirror of the machine's configuration, installs the same packages and checks the same hashes.
$(READY): $(CREATED) pyproject.toml uv.lock
	@echo "Installing the packages of uv.lock"
	@$(UV) sync --quiet --frozen --compile-bytecode --system-certs --python $(BIN)/python || { \
	  echo "uv failed; installing the same packages with pip" && \
	  $(UV) export --quiet --frozen --no-emit-project --output-file $(VENV)/pinned.txt && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/pinned.txt && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; }
	@touch $@
