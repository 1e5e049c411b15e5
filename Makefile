# Two commands on a fresh machine: `make demo` and `make test`. Each sets up .venv once.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# The first of these that runs: pyenv's own python3.12 may only say that another version is chosen.
PYTHON312 ?= $(shell for python in python3.12 "$$HOME"/.pyenv/versions/3.12*/bin/python; do \
  "$$python" -c '' 2>/dev/null && echo "$$python" && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
DEMO_METHODS := full-precision binaryconnect bwn lab
BACKEND ?= c

.PHONY: demo test faults fuzz test-numpy2 test-sweep docs venv lint lock bench gpu-bundle peer-tests theano-tests \
  sanitize readme clean

demo: venv
	@for method in $(DEMO_METHODS); do $(RUN) -m reproduce run digits --method $$method || exit $$?; done
	@$(RUN) -m reproduce report --runs runs --out report

test: venv
	$(RUN) -m pytest -n 2 --dist worksteal

# Kills, stops and damages runs for MINUTES and compares them with undisturbed ones; docs/reliability.md. The figures
# are recorded in OUT.
MINUTES ?= 30
SEED ?= 0
faults: OUT ?= build/faults.json
faults: venv
	$(RUN) -m tests.faults --minutes $(MINUTES) --seed $(SEED) --out $(OUT)

# Reads damaged files of every format for MINUTES, as the program does; docs/reliability.md. The figures are recorded
# in OUT.
fuzz: OUT ?= build/fuzz.json
fuzz: venv
	$(RUN) -m tests.fuzz --minutes $(MINUTES) --seed $(SEED) --out $(OUT)

venv: $(VENV)/ready

# Makes the environment $(1) with the Python $(2) and the versions of the file $(3).
define install
	$(2) -m venv --clear $(1)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check $$(grep '^setuptools==' $(3))
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -r $(3)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

define need_python311
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "error: Python 3.11 is needed, found '$(PYTHON)'; say which with 'make PYTHON=/path/to/python3.11'" >&2; exit 2; }
endef

$(VENV)/ready: requirements.lock pyproject.toml
	$(need_python311)
	$(call install,$(VENV),$(PYTHON),requirements.lock)
	@touch $@

# The jax backend on NumPy 2, a current JAX and Python 3.12, as on a machine with a new GPU.
test-numpy2:
ifeq ($(strip $(PYTHON312)),)
	@echo "skipped: no Python 3.12 was found; say where it is with 'make test-numpy2 PYTHON312=/path/to/python3.12'"
else
	@$(MAKE) --no-print-directory .venv-numpy2/ready
	.venv-numpy2/bin/python -m pytest -n 2 --dist worksteal
endif

.venv-numpy2/ready: requirements-gpu.lock pyproject.toml
	$(call install,.venv-numpy2,$(PYTHON312),requirements-gpu.lock)
	@touch $@

# The sweeps on Snakemake, with the group `sweep` in an environment of its own; docs/sweeps.md.
test-sweep: .venv-sweep/ready
	.venv-sweep/bin/python -m pytest tests/workflow

.venv-sweep/ready: requirements.lock requirements-sweep.lock pyproject.toml
	$(need_python311)
	$(call install,.venv-sweep,$(PYTHON),requirements.lock)
	.venv-sweep/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-sweep.lock
	@touch $@

# The pages of docs/ as a site in build/docs. A link that leads nowhere fails.
docs: .venv-docs/ready
	.venv-docs/bin/python -m mkdocs build --strict

.venv-docs/ready: requirements-docs.lock
	$(need_python311)
	$(PYTHON) -m venv --clear .venv-docs
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-docs.lock
	@touch $@

# The peers that benchmarks compare with, in an environment of their own.
.venv-bench/ready: requirements.lock requirements-bench.lock pyproject.toml
	$(need_python311)
	$(call install,.venv-bench,$(PYTHON),requirements.lock)
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-bench.lock
	@touch $@

bench: .venv-bench/ready
	.venv-bench/bin/python -m benchmarks.step_time

# What a GPU machine without a network needs, in build/gpu-bundle; workflow/gpu/bundle.py says more.
gpu-bundle: .venv-numpy2/ready
	.venv-numpy2/bin/python -m workflow.gpu.bundle

peer-tests: venv
	$(RUN) -m benchmarks.peer_tests --backend $(BACKEND)

# Test modules of Theano 0.9.0; about 12 minutes, while nothing of theirs is compiled yet.
theano-tests: venv
	$(RUN) -m benchmarks.theano_tests

# Our own C code under GCC's address and undefined-behaviour sanitizers, compiled into a folder of its own.
sanitize: venv
	ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
	LD_PRELOAD="$$(for name in asan ubsan stdc++; do g++ -print-file-name=lib$$name.so; done | xargs)" \
	AESARA_FLAGS="base_compiledir=build/sanitized,gcc__cxxflags=-fsanitize=address -fsanitize=undefined -g" \
	$(RUN) -m pytest tests/model/ops tests/shim/c_ops -k "not jax"

lint: venv
	$(RUN) -m ruff check .

# Resolve requirements.in anew, in a throw-away environment.
lock:
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python -m pip install --quiet -r requirements.in
	{ head -1 requirements.lock; .venv-lock/bin/python -m pip freeze --all | grep -v -E '^(pip|wheel)==' | \
	  sed -E '/^onednn-/s/$$/; sys_platform == "linux" and platform_machine == "x86_64"/'; } > requirements.lock.new
	mv requirements.lock.new requirements.lock
	rm -rf .venv-lock

# Rewrite README's table from the records in results/.
readme: venv
	$(RUN) -m reproduce.report.readme

clean:
	rm -rf .venv .venv-* build *.egg-info
