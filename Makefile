# Everything runs in a virtual environment of its own, .venv, which is made on first use and left alone after that.
# pip's own settings (pip.conf, PIP_*) are respected. Another interpreter: make PYTHON=python3.13 …

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
APT    := $(if $(filter 0,$(shell id -u)),,sudo )apt-get install

.PHONY: help demo test check bench docs fuzz clean
.DELETE_ON_ERROR:

help:
	@echo "make demo    compile the examples, attach them to a service under load, and show what each does"
	@echo "make test    run every test (as root also those that load programs into the kernel)"
	@echo "make check   formatting, lint, types, borders between the packages"
	@echo "make bench   run the benchmarks"
	@echo "make docs    fill in what the documents show of the code"
	@echo "make fuzz    generate policies and compare all ways of running them, with seeds that were never used"
	@echo "make clean   remove what was made here"

demo: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.demo $(ARGS)

test: $(VENV)/.installed-dev
	@tests/system-packages
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	@tests/system-packages
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.installed-dev
	@$(BIN)/python -m docs.generate

fuzz: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.fuzz $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -- the virtual environment -------------------------------------------------------------------------------------------

# The stamp says for which folder and interpreter the environment was made: moved or upgraded, it is made anew.
made_for = $(CURDIR) $$(readlink -f $(BIN)/python)

ifneq ($(shell cat $(VENV)/.installed 2>/dev/null),$(shell echo "$(made_for)"))
.PHONY: $(VENV)/.installed
endif

$(VENV)/.installed: setup.cfg pyproject.toml
	$(need_python)
	@echo "setting up $(VENV): Numba and LLVM come from the package index, about 100 MB, once"
	@[ "$$(cat $@ 2>/dev/null)" = "$(made_for)" ] || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@echo "$(made_for)" >$@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "setting up $(VENV): the tools for tests and checks"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

define need_python
@command -v $(PYTHON) >/dev/null || \
	{ echo "$(PYTHON) is missing; type: $(APT) python3 python3-venv" >&2; exit 1; }
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "$(PYTHON) is $$($(PYTHON) -V 2>&1), but 3.11 or newer is needed, as in Debian 12 or later;" \
	  "where a newer one stands beside it: make PYTHON=python3.11 …" >&2; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	{ echo "python3-venv is missing; type: $(APT) python3-venv" >&2; exit 1; }
endef
