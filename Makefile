# Two commands on a fresh machine: `make demo` and `make test`. Each sets up .venv once.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin/python
DEMO_METHODS := full-precision binaryconnect bwn lab
BACKEND ?= c

.PHONY: demo test venv lint lock bench peer-tests readme clean

demo: venv
	@for method in $(DEMO_METHODS); do $(RUN) -m reproduce run digits --method $$method || exit $$?; done
	@$(RUN) -m reproduce report --runs runs --out report

test: venv
	$(RUN) -m pytest -n 2

venv: $(VENV)/ready

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "error: Python 3.11 is needed, found '$(PYTHON)'; say which with 'make PYTHON=/path/to/python3.11'" >&2; exit 2; }
	$(PYTHON) -m venv --clear $(1)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check $$(grep '^setuptools==' requirements.lock)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -r requirements.lock
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

$(VENV)/ready: requirements.lock pyproject.toml
	$(call install,$(VENV))
	@touch $@

# The peers that benchmarks compare with, in an environment of their own.
.venv-bench/ready: requirements.lock requirements-bench.lock pyproject.toml
	$(call install,.venv-bench)
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-bench.lock
	@touch $@

bench: .venv-bench/ready
	.venv-bench/bin/python -m benchmarks.step_time

peer-tests: venv
	$(RUN) benchmarks/peer_tests.py --backend $(BACKEND)

lint: venv
	$(RUN) -m ruff check .

# Resolve requirements.in anew, in a throw-away environment.
lock:
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python -m pip install --quiet -r requirements.in
	{ head -1 requirements.lock; .venv-lock/bin/python -m pip freeze --all | grep -v -E '^(pip|wheel)=='; } > requirements.lock.new
	mv requirements.lock.new requirements.lock
	rm -rf .venv-lock

# Rewrite README's table from the records in results/.
readme: venv
	$(RUN) -m reproduce.report.readme

clean:
	rm -rf .venv .venv-* build *.egg-info
