# Commands of the project. Each one installs what it needs first. The first line of the comment above
# a command is its line in `make help`.

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help new pilot run partial docs linkcheck docs-studies test test-all test-cluster test-kills browser bench validate replicate figures report plan advise lint format check help-config schema lock clean FORCE

CORES ?= $(shell getconf _NPROCESSORS_ONLN)
CONFIG ?= config.yaml
PYTHON ?= python3.12
# Values that may have spaces reach the commands through the environment.
export CONFIG CELL REPLICATE DATA WRITE
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
# On a cluster Snakemake cancels its jobs itself. `exec`, because a shell would report an interruption.
SNAKEMAKE := $(if $(CLUSTER),$(BIN)/snakemake,$(BIN)/python -m rlrecovery.commands.run)
# Whether a study replaces the results of another one of the same name.
OVERWRITE ?= no
OVERWRITES = $(if $(filter yes,$(OVERWRITE)),--config overwrite=true)
SETTINGS = $(if $(CLUSTER),,--cores $(CORES)) --configfile "$$CONFIG" \
	--workflow-profile workflow/profiles/$(PROFILE) $(BARS)

# One worker per core. Each begins with a part of the tests in their order, which keeps most of what a
# file compiles in one worker, and takes tests from another when it has none left.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(CORES) --dist worksteal

# List the commands.
help:
	@echo "make COMMAND, where COMMAND is one of:"; echo
	@awk '/^# / { if (!n++) line = substr($$0, 3); next } \
		/^[A-Z]+ [?:]?= / || /^export / { next } \
		n && /^[a-z][a-z-]*:/ { printf "  %-12s  %s\n", substr($$0, 1, index($$0, ":") - 1), line } \
		{ n = 0 }' Makefile
	@echo
	@echo "CONFIG=my.yaml chooses the study (now $$CONFIG), CORES=4 the number of cores."

# Write a short config: make new TASK=reversal, or FROM=my.csv.
# `make new` alone lists the options, tasks and models. Options of make itself are left out.
NEW = $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
new: $(READY)
	@$(BIN)/python -m rlrecovery.commands.new \
		$(foreach name,$(filter-out BIN CORES PROFILE PYTHON READY,$(NEW)),"$(name)=$$$(name)")

# Fit pilot data, and write a config planned from them.
# make pilot DATA=pilot.csv CONFIG=my.yaml writes my_planned.yaml, or WRITE=next.yaml.
pilot: $(READY)
	@$(BIN)/python -m rlrecovery.commands.pilot "$$CONFIG" --data "$$DATA" --write "$$WRITE"

# Print every key of a config: meaning, allowed values, default.
help-config: $(READY)
	@$(BIN)/python -m rlrecovery.config help

# Report all mistakes in a config.
check: $(READY)
	@$(BIN)/python -m rlrecovery.commands.check "$$CONFIG"

# Estimate jobs, time, disk and memory of a study.
# Suggests the batch size for jobs of MINUTES minutes and lists the jobs that are left, out-of-date
# files included. A few data sets may be fitted to measure the speed of this machine.
MINUTES ?= 10
plan: $(READY) check
	@$(BIN)/python -m rlrecovery.planning.plan "$$CONFIG" --cores $(CORES) \
		--profile workflow/profiles/$(PROFILE) --minutes-per-job $(MINUTES)
	@echo && echo "Jobs left, by a dry run of Snakemake:"
	@jobs=$$($(BIN)/snakemake $(SETTINGS) $(OVERWRITES) --dry-run --quiet rules 2>&1); status=$$?; \
		echo "$$jobs" | fold -s -w 80; exit $$status

# Run a study, up to its report.
# After an interruption, the same command continues. OVERWRITE=yes replaces another study's results.
run: $(READY) check
	@exec $(SNAKEMAKE) $(SETTINGS) $(OVERWRITES)

# Report on the finished part of a study, also while it runs.
partial: $(READY) check
	@exec $(SNAKEMAKE) $(SETTINGS) --config partial=true --nolock --executor local --cores $(CORES)

# Answer which designs meet the targets of a config.
# WRITE=next.yaml writes a config with the designs to measure next. ROUNDS=4 measures them, up to four
# times, until intervals are narrow enough (within) or BUDGET=30 CPU minutes are used up.
advise: $(READY) check
	@$(BIN)/python -m rlrecovery.commands.advise "$$CONFIG" --write "$$WRITE" \
		--rounds "$(ROUNDS)" --budget "$(BUDGET)" --cores $(CORES)

# Draw the figures again from the summary tables.
figures: $(READY) check
	@exec $(SNAKEMAKE) figures $(SETTINGS) $(OVERWRITES)

# Write Snakemake's own report, with all jobs and their code.
report: run
	@$(BIN)/snakemake --report "$$($(BIN)/python -m rlrecovery.commands.report_path "$$CONFIG")" $(SETTINGS) $(OVERWRITES)

# Compute one data set again and compare it with the stored rows.
# make replicate CELL=alpha-0.1_beta-1.0_n-5_t-30 REPLICATE=0
replicate: $(READY) check
	@$(BIN)/python -m rlrecovery.commands.replicate "$$CONFIG" "$$CELL" "$$REPLICATE"

# Build the documentation; warnings are errors.
# It is in docs/build/html. Code and commands of its pages are run. The built site is searched for broken links.
SPHINX = $(BIN)/python -m sphinx --jobs $(CORES) --fail-on-warning --keep-going -d docs/build/doctrees
docs: $(READY)
	@$(SPHINX) --quiet -b html docs docs/build/html
	@$(BIN)/python docs/check_site.py docs/build/html
	@echo "The documentation is in docs/build/html/index.html"

# Try links of the documentation to other sites; needs a network.
linkcheck: $(READY)
	@$(SPHINX) --quiet -b linkcheck docs docs/build/linkcheck

# Run the studies of the documentation; store their summaries.
docs-studies: $(READY)
	@exec $(MAKE) run CONFIG=config.yaml
	@exec $(MAKE) run CONFIG=docs/studies/models.yaml
	@exec $(MAKE) run CONFIG=tests/config/targets.yaml
	@exec $(MAKE) run CONFIG=tests/config/calibration.yaml
	@exec $(MAKE) run CONFIG=tests/config/effects.yaml
	@exec $(MAKE) run CONFIG=docs/studies/groups.yaml
	@$(BIN)/python docs/_ext/store_study.py $(addprefix results/,default models targets calibration effects groups)

# Run the tests, except those that are marked slow.
test: $(READY) browser
	@$(PYTEST)

# Run all tests, and a study through Slurm.
# Prints which lines the tests do not reach.
test-all: $(READY) browser
	@$(PYTEST) -m "" --cov --cov-report=term:skip-covered
	@CI=1 $(MAKE) test-cluster

# Run a study on a one-node Slurm cluster; needs root.
test-cluster: $(SLURM)/ready
	@PYTHONPATH=scripts:tests $(SLURM)/bin/python -m cluster

# Kill a study at random moments, compare results; ten minutes.
KILLS ?= 20
test-kills: $(READY)
	@PYTHONPATH=scripts:tests $(BIN)/python -m kills --kills $(KILLS)

# Install a browser for the tests of the report, if none is there.
browser: $(READY)
	@$(BIN)/python tests/browser.py

# Measure speed and memory, also of other tools; 10 to 30 minutes.
# Results are in results/bench/; after `make run` also what the default study spends on starting jobs.
bench: $(READY) $(BENCH)/ready
	@OPENBLAS_NUM_THREADS=1 PYTHONPATH=scripts:tests $(BENCH)/bin/python -m benchmarks \
		--python $(abspath $(BIN)/python) \
		$(if $(wildcard results/default/report.html),--study results/default)

# Run published settings; print our numbers next to the published.
VALIDATE = tests/config/models.yaml tests/config/reversals.yaml tests/config/targets.yaml
FRESH = results/targets-fresh.yaml
SUMMARY = $(BIN)/snakemake --cores $(CORES) --workflow-profile workflow/profiles/laptop
validate: $(READY)
	@for config in $(VALIDATE); do \
		$(SUMMARY) --configfile $$config -- results/$$(basename $$config .yaml)/summary/recovery.csv \
			|| exit 1; \
	done
	@PYTHONPATH=scripts:tests $(BIN)/python -m validation.planner tests/config/targets.yaml $(FRESH)
	@$(SUMMARY) --configfile $(FRESH) -- results/targets-fresh/summary/recovery.csv
	@PYTHONPATH=scripts:tests $(BIN)/python -m validation --models results/models/summary \
		--reversals results/reversals/summary --targets tests/config/targets.yaml --fresh $(FRESH)

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

# Write the JSON schema of the config, for completion in editors.
schema: $(READY)
	@$(BIN)/python -m rlrecovery.config schema > workflow/schemas/config.schema.json

# Pin the newest versions that pyproject.toml allows; needs uv.
# UPGRADE= keeps the present pins.
UPGRADE = --upgrade
lock:
	uv pip compile --universal --generate-hashes --python-version 3.12 --extra test --extra docs \
		--no-header $(UPGRADE) --output-file $(LOCK) pyproject.toml
	uv pip compile --universal --generate-hashes --python-version 3.12 --extra bench \
		--no-header --constraints $(LOCK) --output-file envs/bench.lock pyproject.toml
	uv pip compile --universal --generate-hashes --python-version 3.12 --extra slurm \
		--no-header --constraints $(LOCK) --output-file envs/slurm.lock pyproject.toml

# Remove the environments; results are kept.
clean:
	rm -rf .venv $(BENCH) $(SLURM)

# `ready` is a copy of the lock that is installed. Their contents are compared and not their times,
# which change with every checkout.
.venv/ready: FORCE
	@$(call install,.venv,$(LOCK))

$(SLURM)/ready: FORCE
	@$(call install,$(SLURM),envs/slurm.lock)

$(BENCH)/ready: FORCE
	@$(call install,$(BENCH),envs/bench.lock)

# Install exactly the lock, with uv if it is installed and with venv and pip otherwise. Python files
# are compiled here, because otherwise each job of a study might compile them again. Of two commands
# at once, one installs and the other waits, where there is flock.
define install
	cmp -s $(2) $(1)/ready && exit; \
	exec 9> $(1).lock; ! command -v flock > /dev/null || flock 9; \
	cmp -s $(2) $(1)/ready && exit; \
	rm -f $(1)/ready; \
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
	fi && cp $(2) $(1)/ready
endef

export PYTHONPATH := scripts
