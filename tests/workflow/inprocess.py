"""Snakemake within the process of a test: dry runs, and studies whose jobs start no process.

`plan` is a dry run. `run_here` executes the planned jobs by the scripts of their rules, each with
the input, output and params of its job. What takes separate processes to see (exit codes, messages
on a terminal, recorded metadata, resumption, kills) is tested by the launches of `workflow.runs`.
"""

from __future__ import annotations

import contextlib
import pickle
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from settings import ROOT, write
from snakemake.api import SnakemakeApi
from snakemake.iocontainers import Snakemake
from snakemake.settings import types

ENTRY = ROOT / "workflow/Snakefile"
TRIGGERS = yaml.safe_load((ROOT / "workflow/profiles/laptop/config.yaml").read_text())[
    "rerun-triggers"
]
#: Files of a figure that a test does not look at.
PLACEHOLDER = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>\n'


@dataclass(frozen=True)
class Plan:
    """What a dry run says is to be done.

    Attributes
    ----------
    jobs : tuple of snakemake.jobs.Job
        Jobs that would run, in an order in which they can.
    """

    jobs: tuple[Any, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Number of jobs per rule."""
        return dict(Counter(job.rule.name for job in self.jobs))

    def outputs(self, rule: str) -> list[str]:
        """First output of each job of a rule."""
        return sorted(str(job.output[0]) for job in self.jobs if job.rule.name == rule)


def plan(
    folder: str | Path,
    experiment: dict[str, Any] | Path | None,
    *targets: str,
    config: Mapping[str, str] | None = None,
    resources: Mapping[str, Mapping[str, Any]] | None = None,
    attempt: int = 1,
    remote: bool = False,
    snakefile: Path = ENTRY,
) -> Plan:
    """Dry run of a study in a folder.

    Parameters
    ----------
    folder : path
        Working directory.
    experiment : dict or path
        Config, or the file of one; None for a launch without ``--configfile``.
    *targets : str
        Files or rules; by default the report.
    config, resources : mapping, optional
        As with ``--config`` and ``--set-resources``.
    attempt : int
        Which attempt of their jobs resources are for.
    remote : bool
        Parse the workflow as a job on a cluster does.
    snakefile : Path
        Entry of the workflow.

    Raises
    ------
    WorkflowError
        Where Snakemake would stop with its text.
    """
    configfile = write(folder, experiment) if isinstance(experiment, dict) else experiment
    mode = types.ExecMode.REMOTE if remote else types.ExecMode.DEFAULT
    output = types.OutputSettings(quiet={types.Quietness.ALL}, dryrun=True)
    with SnakemakeApi(output) as api:
        study = api.workflow(
            resource_settings=types.ResourceSettings(
                cores=1, overwrite_resources=dict(resources or {})
            ),
            config_settings=types.ConfigSettings(
                configfiles=[] if configfile is None else [configfile], config=dict(config or {})
            ),
            workflow_settings=types.WorkflowSettings(exec_mode=mode),
            snakefile=snakefile,
            workdir=Path(folder),
        )
        study.dag(
            types.DAGSettings(
                targets=set(targets), rerun_triggers=types.RerunTrigger.parse_choices_set(TRIGGERS)
            )
        ).execute_workflow(
            executor="dryrun", execution_settings=types.ExecutionSettings(attempt=attempt)
        )
        dag = study._workflow.dag
        needed = set(dag.needrun_jobs(exclude_finished=False))
        return Plan(tuple(job for layer in dag.toposorted() for job in layer if job in needed))


def run_here(
    folder: str | Path,
    experiment: dict[str, Any] | Path,
    *targets: str,
    figures: bool = True,
    **options: Any,
) -> Plan:
    """Plan a study and execute its jobs in this process.

    Parameters
    ----------
    folder, experiment, *targets, **options
        As of `plan`.
    figures : bool
        Whether figures are drawn; otherwise each of their files is a placeholder.

    Raises
    ------
    SystemExit
        Where a job would fail with its one sentence.
    """
    planned = plan(folder, experiment, *targets, **options)
    with contextlib.chdir(folder):
        for job in planned.jobs:
            if job.rule.script:
                with _without_outputs_if_it_fails(job):
                    execute(job, figures)
    return planned


@contextlib.contextmanager
def _without_outputs_if_it_fails(job: Any) -> Iterator[None]:
    """Remove what a failed job wrote, as Snakemake does."""
    try:
        yield
    except SystemExit:
        for path in job.output:
            Path(path).unlink(missing_ok=True)
        raise


def execute(job: Any, figures: bool) -> None:
    """Run the script of a job in this process, in the current folder."""
    for path in (*job.output, *job.log):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    if job.rule.name == "figure" and not figures:
        for path in job.output:
            Path(path).write_text(PLACEHOLDER)
        return
    script = ROOT / "scripts" / f"{job.rule.name}.py"
    # Snakemake sends it to the process of the script in this way: what a script gets is plain.
    code = compile(script.read_text(), script, "exec")
    exec(code, {"__name__": "__main__", "snakemake": pickle.loads(pickle.dumps(given(job)))})


def given(job: Any) -> Snakemake:
    """What the script of a job is given by Snakemake."""
    return Snakemake(
        input_=job.input,
        output=job.output,
        params=job.params,
        wildcards=job.wildcards,
        threads=job.threads,
        resources=job.resources,
        log=job.log,
        config={},
        rulename=job.rule.name,
        bench_iteration=None,
        scriptdir=str(ROOT / "scripts"),
    )
