# Everything a person does with this checkout; `make` alone lists it.
# Paths are relative on purpose: the checkout may live anywhere, also below a path with spaces.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON_OF_PROJECT := .venv/bin/python
# Most tests wait for servers, so three share two cores well.
WORKERS ?= 3

.PHONY: help setup demo test lint types docs bench lock clean release

help:  ## List these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-24s %s\n", $$1, $$2}' Makefile

setup:  ## Put everything in place that the demo needs (ARGS=--dry-run to look first)
	@scripts/setup $(ARGS)

demo:  ## From a slow application to a faster one, with proof (ARGS=... for hasten demo)
	@scripts/setup >&2
	@.venv/bin/hasten demo $(ARGS)

test:  ## Lint, types and the whole suite (TESTS=tests/test_model.py for a part, ARGS=... for pytest)
	@scripts/setup --for dev
ifndef TESTS
	@$(MAKE) lint types READY=1
endif
	@$(PYTHON_OF_PROJECT) -m pytest $(if $(TESTS),$(TESTS),-n $(WORKERS) --dist loadfile) $(ARGS)

ready:
ifndef READY
	@scripts/setup --for dev
endif

lint: ready  ## Style, spelling and shell syntax
	@$(PYTHON_OF_PROJECT) -m ruff check --quiet .
	@$(PYTHON_OF_PROJECT) -m codespell_lib
	@sh -n scripts/setup && sh -n scripts/bench && bash -n .ci/run

types: ready  ## Types, strictly
	@$(PYTHON_OF_PROJECT) -m mypy --no-error-summary

docs: ready  ## Check headings, commands and links of the documentation
	@$(PYTHON_OF_PROJECT) -m pytest --quiet tests/test_docs.py

bench:  ## Run one benchmark (NAME=load_generator); its last line is one JSON object
	@scripts/setup --for dev
	@scripts/setup --for bench
	@scripts/bench "$(NAME)" $(ARGS)

lock: ready  ## Lock what pyproject.toml asks for (UPGRADE=1 for the newest versions)
	@$(PYTHON_OF_PROJECT) -m scripts.locking $(if $(UPGRADE),--upgrade)

release: ready  ## Build both wheels once, install them elsewhere and try them
	@$(PYTHON_OF_PROJECT) -m scripts.release

clean:  ## Remove what set-up made; ledgers and data under .hasten/ stay
	@rm -rf .venv .cache/setup examples/slowdesk/.venv examples/slowdesk/web/node_modules examples/slowdesk/web/dist \
		src/hasten/world/npm/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
