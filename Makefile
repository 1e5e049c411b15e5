# Two commands on a fresh machine: `make demo` and `make test`. Each sets up .venv once.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: demo test venv lint lock bench peer-tests clean

demo: venv
	$(RUN) -m reproduce demo

test: venv
	$(RUN) -m pytest -n 2

venv: $(VENV)/ready

$(VENV)/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "error: Python 3.11 is needed (found: $(PYTHON)); set it with 'make PYTHON=/path/to/python3.11'" >&2; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check $$(grep '^setuptools==' requirements.lock)
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -r requirements.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lint: venv
	$(VENV)/bin/ruff check .

clean:
	rm -rf $(VENV) .venv-* build *.egg-info
