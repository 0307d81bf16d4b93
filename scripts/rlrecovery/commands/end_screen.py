"""What is printed at the end of a run: path of the report, numbers of flagged estimates, time."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: How a status is printed, where that is not its name.
WORDS = {
    "at_bound": "at a bound",
    "not_converged": "not converged",
    "no_interval": "without an interval",
    "not_identified": "not identified",
}

#: Number of methods, or of failed jobs, that are listed.
MOST_LINES = 12


def of_study(report: str, summary: str, took: str) -> str:
    """Text after a run that is finished.

    Parameters
    ----------
    report, summary : str
        Path of the report, and of the folder of the tables that it is made from.
    took : str
        Sentence about the time of the run; empty if nothing was to be done.
    """
    from rlrecovery.storage.files import BrokenFile, read_table  # not needed before the end
    from rlrecovery.storage.schemas import FAILURES, RECOVERY

    lines = [f"The report is {report}: open it in any browser."]
    try:
        recovery = read_table(f"{summary}/recovery.parquet", RECOVERY)
        failures = read_table(f"{summary}/failures.parquet", FAILURES)
        lines += flagged(recovery, failures)
    except BrokenFile as error:
        lines.append(str(error))
    if not took:
        written = time.localtime(Path(report).stat().st_mtime)
        took = (
            f"Nothing had to be done: the report is of {time.strftime('%d %b %Y, %H:%M', written)}."
        )
    return "\n".join([*lines, took])


def of_interruption(done: int = 0, total: int = 0) -> str:
    """Line after an interruption, with the numbers of finished jobs and of all jobs if known."""
    kept = f"{done} of {total} jobs are done and kept" if total else "finished jobs are kept"
    return f"Interrupted: {kept}; run the same command again to go on."


def flagged(recovery: pd.DataFrame, failures: pd.DataFrame) -> Iterator[str]:
    """Yield lines with the numbers of flagged estimates, in all and by method and status.

    `recovery` and `failures` are the summary tables of these names.
    """
    rows = recovery[(recovery["measure"] == "share_failed") & (recovery["scope"] == "cell")]
    totals = rows.groupby("method", sort=False)["n_rows"].sum()
    n_flagged, n_all = int(failures["rows"].sum()), int(totals.sum())
    if not n_flagged:
        yield f"None of the {n_all:,} estimates is flagged."
        return
    yield f"{n_flagged:,} of {n_all:,} estimates are flagged ({100 * n_flagged / n_all:.2g} %):"
    width = max(map(len, totals.index))
    for method in totals.index[:MOST_LINES]:
        rows = failures[failures["method"] == method]
        counts = rows.groupby("status", sort=False)["rows"].sum()
        named = ", ".join(f"{n:,} {WORDS.get(status, status)}" for status, n in counts.items())
        share = f"{counts.sum():,} of {totals[method]:,}"
        yield f"    {method:<{width}}  {share}" + (f": {named}" if named else "")
    if len(totals) > MOST_LINES:
        yield f"    and {len(totals) - MOST_LINES} more methods"
    yield "They are kept: the report gives every measure with and without them."


def of_failure(
    done: int, total: int, failed: Collection[tuple[str, Sequence[str]]], logs: str
) -> str:
    """Text after a run that is not finished.

    Parameters
    ----------
    done, total : int
        Numbers of jobs that are finished and that were to be done.
    failed : collection of (str, sequence of str)
        Description and log files of each failed job.
    logs : str
        Folder of the log files.
    """
    also = f", {len(failed)} failed" if failed else ""
    lines = [f"The study is not finished: {done} of {total} jobs are done{also}."]
    for label, paths in list(failed)[:MOST_LINES]:
        lines.append(f"    {label}")
        lines += [f"        {path}" for path in paths]
    if len(failed) > MOST_LINES:
        lines.append(f"    and {len(failed) - MOST_LINES} more; all logs are in {logs}/")
    if failed:
        lines.append(
            "The reason is in the log. A job whose log ends without an error was killed, usually "
            "because memory ran out."
        )
    lines += [
        "Finished files are kept: run the same command again to go on.",
        "`make partial` writes a report of the finished data sets.",
    ]
    return "\n".join(lines)
