# Commands of the project. Each one installs what it needs first.

.DELETE_ON_ERROR:
.PHONY: run partial test test-all test-cluster test-kills browser bench validate replicate figures report plan lint format check help-config schema lock clean

CORES ?= $(shell getconf _NPROCESSORS_ONLN)
CONFIG ?= config.yaml
PYTHON ?= python3.12
# Where jobs run: a folder of workflow/profiles/, laptop or slurm.
PROFILE ?= laptop

ifeq ($(wildcard workflow/profiles/$(PROFILE)/config.yaml),)
$(error There is no profile $(PROFILE); profiles are the folders of workflow/profiles)
endif

# Slurm needs another environment, with the plugin that submits jobs; its profile limits the number
# of jobs.
CLUSTER := $(shell grep -ls '^executor: slurm' workflow/profiles/$(PROFILE)/config.yaml)
SLURM := .venv-slurm
VENV := $(if $(CLUSTER),$(SLURM),.venv)
BIN := $(VENV)/bin
READY := $(VENV)/ready
LOCK := envs/requirements.lock
BENCH := .venv-bench
# Progress: one bar per rule on a terminal, one line per job elsewhere. Bars go to standard error; a
# test of standard output would be of the pipe to the shell that runs it here.
BARS = $$(test -t 2 && echo --logger rich)
SETTINGS = $(if $(CLUSTER),,--cores $(CORES)) --configfile $(CONFIG) \
	--workflow-profile workflow/profiles/$(PROFILE) $(BARS)

# One worker per core. Each begins with a part of the tests in their order, which keeps most of what a
# file compiles in one worker, and takes tests from another when it has none left.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(CORES) --dist worksteal

# Run the study of $(CONFIG), up to its report.
run: $(READY) check
	@$(BIN)/snakemake $(SETTINGS)

# Report on the finished part of a study, while it runs or when some jobs cannot finish.
partial: $(READY) check
	@$(BIN)/snakemake $(SETTINGS) --config partial=true --nolock --executor local --cores $(CORES)

# Draw the figures again from the summary tables.
figures: $(READY) check
	@$(BIN)/snakemake figures $(SETTINGS)

# Write Snakemake's own report: figures and tables with captions, jobs and code.
report: run
	@$(BIN)/snakemake --report "$$($(BIN)/python -m rlrecovery.commands.report_path $(CONFIG))" $(SETTINGS)

# Estimate jobs, time, disk and memory of a study and the batch size for jobs of MINUTES minutes, then
# list the jobs that are left, out-of-date files included. A few data sets may be fitted to measure
# the speed of this machine; the study itself is not run.
MINUTES ?= 10
plan: $(READY) check
	@$(BIN)/python -m rlrecovery.planning.plan $(CONFIG) --cores $(CORES) \
		--profile workflow/profiles/$(PROFILE) --minutes-per-job $(MINUTES)
	@echo && echo "Jobs left, by a dry run of Snakemake:"
	@$(BIN)/snakemake $(SETTINGS) --dry-run --quiet rules

# Run the tests, except those that are marked slow.
test: $(READY) browser
	@$(PYTEST)

# Run all tests, and print which lines of the package they do not reach.
test-all: $(READY) browser
	@$(PYTEST) -m "" --cov --cov-report=term:skip-covered

# Run a study through a one-node Slurm cluster that is started and stopped for it; needs root.
test-cluster: $(SLURM)/ready
	@PYTHONPATH=scripts:tests $(SLURM)/bin/python -m cluster

# Kill a study KILLS times at random moments and compare it with an undisturbed run; ten minutes.
KILLS ?= 20
test-kills: $(READY)
	@PYTHONPATH=scripts:tests $(BIN)/python -m kills --kills $(KILLS)

# Install a browser for the tests of the report, unless there is one.
browser: $(READY)
	@$(BIN)/python tests/browser.py

# Measure speed and memory, also of other tools; 10 to 30 minutes; results in results/bench/. After
# `make run` also what the default study spends on starting jobs.
bench: $(READY) $(BENCH)/ready
	@OPENBLAS_NUM_THREADS=1 PYTHONPATH=scripts:tests $(BENCH)/bin/python -m benchmarks \
		--python $(abspath $(BIN)/python) \
		$(if $(wildcard results/default/report.html),--study results/default)

# Compute one data set again and compare it with the stored rows:
# make replicate CELL=alpha-0.1_beta-1.0_n-5_t-30 REPLICATE=0
replicate: $(READY) check
	@$(BIN)/python -m rlrecovery.commands.replicate $(CONFIG) "$(CELL)" "$(REPLICATE)"

# Run published settings and print our numbers next to the published ones; five to ten minutes.
VALIDATE = tests/config/models.yaml tests/config/reversals.yaml
validate: $(READY)
	@for config in $(VALIDATE); do \
		$(BIN)/snakemake results/$$(basename $$config .yaml)/summary/recovery.csv --cores $(CORES) \
			--configfile $$config --workflow-profile workflow/profiles/laptop || exit 1; \
	done
	@PYTHONPATH=scripts:tests $(BIN)/python -m validation --models results/models/summary \
		--reversals results/reversals/summary

# Check style, spelling and types.
lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/python tests/lint_workflow.py

# Fix what the formatters can fix.
format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

# Print every key of the config with its meaning and allowed values.
help-config: $(READY)
	@$(BIN)/python -m rlrecovery.config help

# Report all mistakes in $(CONFIG).
check: $(READY)
	@$(BIN)/python -m rlrecovery.config check $(CONFIG)

# Write the JSON schema of the config, which editors use for completion and checks.
schema: $(READY)
	@$(BIN)/python -m rlrecovery.config schema > workflow/schemas/config.schema.json

# Pin the newest versions that pyproject.toml allows; needs uv. UPGRADE= keeps the present pins.
UPGRADE = --upgrade
lock:
	uv pip compile --universal --generate-hashes --python-version 3.12 --extra test \
		--no-header $(UPGRADE) --output-file $(LOCK) pyproject.toml
	uv pip compile --universal --generate-hashes --python-version 3.12 --extra bench \
		--no-header --constraints $(LOCK) --output-file envs/bench.lock pyproject.toml
	uv pip compile --universal --generate-hashes --python-version 3.12 --extra slurm \
		--no-header --constraints $(LOCK) --output-file envs/slurm.lock pyproject.toml

clean:
	rm -rf .venv $(BENCH) $(SLURM)

.venv/ready: $(LOCK)
	@$(call install,.venv,$(LOCK))

$(SLURM)/ready: envs/slurm.lock
	@$(call install,$(SLURM),envs/slurm.lock)

$(BENCH)/ready: envs/bench.lock
	@$(call install,$(BENCH),envs/bench.lock)

# Install exactly the lock, with uv if it is installed and with venv and pip otherwise. Python files
# are compiled here, because otherwise each job of a study might compile them again.
define install
	if command -v uv > /dev/null; then \
		echo "Installing $(2) into $(1) with uv"; \
		uv venv --quiet --allow-existing --python 3.12 $(1) && \
		uv pip sync --quiet --compile-bytecode --require-hashes --python $(1)/bin/python $(2); \
	else \
		echo "Installing $(2) into $(1) with pip; this takes a few minutes"; \
		$(PYTHON) -m venv --clear $(1) && \
		$(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
			--no-deps --no-compile --requirement $(2) && \
		{ $(1)/bin/python -m compileall -qq -j $(CORES) -x /tests/ $(1)/lib || true; }; \
	fi
	@touch $(1)/ready
endef

export PYTHONPATH := scripts
