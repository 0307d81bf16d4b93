# The few verbs of the project. `make run` and `make test` do all of their own set-up.

.DELETE_ON_ERROR:
.PHONY: run partial test test-all test-cluster test-kills browser bench validate replicate figures report plan lint format check help-config schema lock clean

CORES ?= $(shell getconf _NPROCESSORS_ONLN)
CONFIG ?= config.yaml
PYTHON ?= python3.12
# The machine: a folder of workflow/profiles/. laptop, or slurm on a cluster.
PROFILE ?= laptop

# On a cluster there is an environment of its own, with the plugin that submits jobs, and the profile
# says how many jobs there are at a time.
CLUSTER := $(shell grep -ls '^executor: slurm' workflow/profiles/$(PROFILE)/config.yaml)
SLURM := .venv-slurm
VENV := $(if $(CLUSTER),$(SLURM),.venv)
BIN := $(VENV)/bin
READY := $(VENV)/ready
LOCK := envs/requirements.lock
BENCH := .venv-bench
# On a terminal progress is a bar per kind of job, elsewhere a line per job.
BARS = $$(test -t 1 && echo --logger rich)
SETTINGS = $(if $(CLUSTER),,--cores $(CORES)) --configfile $(CONFIG) \
	--workflow-profile workflow/profiles/$(PROFILE) $(BARS)

# One worker per core; files stay together, so that what a file compiles is compiled once.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(CORES) --dist loadfile

# The whole study of $(CONFIG), up to its report.
run: $(READY) check
	@$(BIN)/snakemake $(SETTINGS)
	@$(BIN)/python -m rlrecovery.commands.report_path $(CONFIG)

# A report of what is finished so far, beside a study that runs or that cannot be finished.
partial: $(READY) check
	@$(BIN)/snakemake $(SETTINGS) --config partial=true --nolock --executor local --cores $(CORES)

# The figures alone, from the summary.
figures: $(READY) check
	@$(BIN)/snakemake figures $(SETTINGS)

# Snakemake's own report of a finished study: figures and tables with captions, jobs and code.
report: run
	@$(BIN)/snakemake --report "$$($(BIN)/python -m rlrecovery.commands.report_path --beside $(CONFIG))" $(SETTINGS)

# What a study takes: jobs, time, disk and memory, and which batch size makes jobs of MINUTES minutes;
# then what is left of it to do, out-of-date files included. Nothing of the study is run, but a few
# data sets may be fitted to measure what that costs here.
MINUTES ?= 10
plan: $(READY) check
	@$(BIN)/python -m rlrecovery.planning.plan $(CONFIG) --cores $(CORES) \
		--profile workflow/profiles/$(PROFILE) --minutes-per-job $(MINUTES)
	@echo && echo "Left to do, as Snakemake sees it:"
	@$(BIN)/snakemake $(SETTINGS) --dry-run --quiet rules

test: $(READY) browser
	@$(PYTEST)

# With the long proofs.
test-all: $(READY) browser
	@$(PYTEST) -m ""

# A study through a Slurm cluster of one node, which is started for it and stopped again; as root.
test-cluster: $(SLURM)/ready
	@PYTHONPATH=scripts:tests $(SLURM)/bin/python -m cluster

# Kills a study KILLS times at random moments and compares it with an undisturbed one; ten minutes.
KILLS ?= 20
test-kills: $(READY)
	@PYTHONPATH=scripts:tests $(BIN)/python -m kills --kills $(KILLS)

# The report is tested in a real browser; one is installed if there is none.
browser: $(READY)
	@$(BIN)/python tests/browser.py

# Speed and memory against other tools, in one run of ten minutes to half an hour; into results/bench/.
bench: $(READY) $(BENCH)/ready
	@OPENBLAS_NUM_THREADS=1 PYTHONPATH=scripts:tests $(BENCH)/bin/python -m benchmarks \
		--python $(abspath $(BIN)/python)

# One data set of one cell again, alone, beside what is on disk:
# make replicate CELL=alpha-0.1_beta-1.0_n-5_t-30 REPLICATE=0
replicate: $(READY) check
	@$(BIN)/python -m rlrecovery.commands.replicate $(CONFIG) "$(CELL)" "$(REPLICATE)"

# Published settings run again, our numbers beside theirs; five to ten minutes.
VALIDATE = tests/config/models.yaml tests/config/reversals.yaml
validate: $(READY)
	@for config in $(VALIDATE); do \
		$(BIN)/snakemake results/$$(basename $$config .yaml)/summary/recovery.csv --cores $(CORES) \
			--configfile $$config --workflow-profile workflow/profiles/laptop || exit 1; \
	done
	@PYTHONPATH=scripts:tests $(BIN)/python -m validation --models results/models/summary \
		--reversals results/reversals/summary

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

# Every key of the config, what it may be and what it means.
help-config: $(READY)
	@$(BIN)/python -m rlrecovery.config help

# Says what is wrong with $(CONFIG), if anything.
check: $(READY)
	@$(BIN)/python -m rlrecovery.config check $(CONFIG)

# For editors: the schema of the config, from its pydantic models.
schema: $(READY)
	@$(BIN)/python -m rlrecovery.config schema > workflow/schemas/config.schema.json

# Pin the newest versions that pyproject.toml allows; needs uv.
lock:
	uv pip compile --universal --generate-hashes --python-version 3.12 --extra test \
		--no-header --upgrade --output-file $(LOCK) pyproject.toml
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

# Exactly the lock, by uv where it is there and by venv and pip where it is not. Either way Python
# files are compiled now: otherwise every job of a study might do it again.
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
