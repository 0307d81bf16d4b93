# What a run prints: short lines instead of Snakemake's messages, and the results at the end. The log
# file in .snakemake/log has everything, and so has the terminal with --verbose.

import shlex

from rlrecovery.commands import end_screen, lock
from rlrecovery.commands.job_lines import JobLines
from rlrecovery.commands.time_left import in_words
from snakemake.logging import logger, show_logs
from snakemake.settings.types import Quietness

# Rules that only gather files.
TARGETS = ("all", "figures")


def ending(lines):
    """Text at the end of a run with a result."""
    if not lines.success:
        return end_screen.of_failure(lines.done, lines.total, lines.failed.values(), LOGS)
    took = f"Jobs done: {lines.done} in {in_words(lines.seconds)}." if lines.done else ""
    settings = workflow.dag_settings
    targets = set(settings.targets)
    if settings.until or settings.omit_from or not targets <= {*TARGETS, REPORT}:
        return took
    if targets == {"figures"}:
        return f"The figures are in {FIGURE_FOLDER}/.\n{took}".strip()
    return end_screen.of_study(REPORT, SUMMARY_FOLDER, took)


def locked():
    """Text about files that another run has locked, with the command that unlocks them."""
    words = [f"{Path(sys.executable).parent}/snakemake", "--unlock"]
    names = list(workflow.overwrite_configfiles)
    words += ["--configfile", names[0]] if names else []
    return lock.explanation(shlex.join(map(str, words)))


OUTPUT_SETTINGS = workflow.output_settings
JOB_LINES = JobLines(
    sizes={key: cell.size_key for key, cell in ALL_CELLS.items()},
    targets=TARGETS,
    remote=workflow.remote_exec,
    dry_run=OUTPUT_SETTINGS.dryrun,
    show_logs=show_logs if OUTPUT_SETTINGS.show_failed_logs else None,
    locked=locked,
    ending=None if Quietness.ALL in (OUTPUT_SETTINGS.quiet or ()) else ending,
)
if workflow.modifier.is_main_snakefile():  # not in a workflow that imports this one as a module
    JOB_LINES.attach(logger, shorten=not OUTPUT_SETTINGS.verbose)


def expect_jobs():
    """Before the first job: what is to be done, which the time left follows from."""
    if not PARTIAL:  # which locks nothing
        lock.record_run()
    jobs = [(job.rule.name, job.wildcards_dict) for job in workflow.dag.needrun_jobs()]
    JOB_LINES.expect(jobs, on_cluster=not workflow.local_exec)
