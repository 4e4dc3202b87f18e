# Crescendo. Each target sets up what it needs; the second time that costs nothing.
# Needed on the machine: python3 (3.11 or newer, with venv), make, git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(VENV)/uv/bin/uv
# The stamps lie inside the environment and name its interpreter, so `make PYTHON=python3.13 test` makes a new one.
MADE := $(VENV)/made-with-$(notdir $(PYTHON))
READY := $(VENV)/ready-with-$(notdir $(PYTHON))
MIGRATIONS = $(wildcard posting/store/migrations/*.sql)

export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bench serve setup

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## set up everything, process a sample year, print what happened
	$(BIN)/crescendo demo

# Test files side by side, each process with a PostgreSQL of its own; the kernels are compiled before, so that this is done once.
test: $(READY) ## set up everything, run the tests (more options: make test ARGS="-k database")
	$(BIN)/python -m kernels
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

check: $(READY) ## format, lint, types, layers, migrations, image
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(if $(MIGRATIONS),$(BIN)/squawk $(MIGRATIONS))
	$(BIN)/hadolint Dockerfile

bench: $(READY) ## benchmarks that verify before they time
	$(BIN)/crescendo bench $(ARGS)

serve: $(READY) ## HTTP service, engine, metrics
	$(BIN)/crescendo serve $(ARGS)

setup: $(READY) ## make the environment and nothing else

$(MADE): tools/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, as in: make PYTHON=python3.13")'
	@echo "Making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --target $(VENV)/uv -r tools/uv.txt
	@touch $@

# uv installs what uv.lock pins from where it pins it. Behind a package mirror that address may be closed: then pip,
# which knows the mirror from the machine's own configuration, installs the same and checks the same hashes.
$(READY): $(MADE) pyproject.toml uv.lock
	@echo "Installing what uv.lock pins"
	@$(UV) sync --quiet --frozen --compile-bytecode --system-certs --python $(BIN)/python || { \
	  echo "uv could not; installing the same with pip" && \
	  $(UV) export --quiet --frozen --no-emit-project --output-file $(VENV)/pinned.txt && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/pinned.txt && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; }
	@touch $@
