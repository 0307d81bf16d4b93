"""One short line per finished job, in place of what Snakemake prints.

At the start of a job, Snakemake prints a reason that names all of its files, and at its end only a
number. `JobLines` follows the messages of a run and shortens those of Snakemake's stream handler.
Other handlers get them as they are: the log file in ``.snakemake/log`` and progress bars.

Of a log record only attributes are used, which ``snakemake/logging.py`` and
``snakemake/jobs.py`` define; nothing is imported from Snakemake.
"""

from __future__ import annotations

import logging
import logging.handlers
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping

from rlrecovery.commands.end_screen import of_interruption
from rlrecovery.commands.job import Job, end_of_process
from rlrecovery.commands.lock import LOCKED
from rlrecovery.commands.time_left import Kind, TimeLeft, in_words

#: Longest line, and longest description of a job in it, in characters.
LONGEST_LINE, LONGEST_LABEL = 200, 120

#: Seconds below which no time left is printed.
SOON = 5.0

#: Name of Snakemake's stream handler; there is none where a plugin shows bars.
STREAM = "DefaultStreamHandler"

#: Beginnings of messages that come with every run or job and say nothing about the study.
NOISE = (
    "Assuming unrestricted shared filesystem usage",
    "Conda environments: ignored",
    "Elapsed time:",
    "Job rate limit reached",
    "Rules claiming more threads",
    "Select jobs to execute",
    "Some jobs were triggered by provenance information",
    "Using shell:",
)

#: Beginning of Snakemake's message after Ctrl-C.
INTERRUPTION = "Terminating processes on user request"

#: Snakemake's hint in a dry run, which refers to a list of jobs that is not printed.
HINT = "(check individual jobs above for details)"
NEW_HINT = "(--verbose lists every job with its reason)"

_SUBMITTED = re.compile(r"Job \d+ has been submitted with SLURM jobid")
_RESTART = re.compile(r"Trying to restart job (\d+)")


class JobLines(logging.Handler):
    """Handler that follows a run and gives each message a short form, ``record.short``.

    Parameters
    ----------
    sizes : mapping
        Size of each cell, by key.
    targets : collection of str
        Rules without work, which are not counted as jobs.
    remote : bool
        Whether this process runs one job of a study on a cluster; its start is printed too.
    dry_run : bool
        Whether jobs are only listed.
    show_logs : callable, optional
        Returns lines from the log files of a failed job, to be printed.
    locked : callable, optional
        Returns the text in place of Snakemake's about a locked folder.
    ending : callable, optional
        Returns the text to be printed after everything else, from this handler. It is called once
        the run has a result.

    Attributes
    ----------
    total, done : int
        Numbers of jobs of the run, and of those that are finished.
    failed : dict of int to (str, list of str)
        Jobs that failed, by number: description and log files.
    success : bool or None
        Result of the run: whether it is finished; None until that is known, and in a dry run.
    interrupted : bool
        Whether Snakemake was interrupted, after which nothing but one line is printed.
    seconds : float
        Time since the start of the run.
    """

    def __init__(
        self,
        sizes: Mapping[str, str],
        targets: Collection[str],
        remote: bool = False,
        dry_run: bool = False,
        show_logs: Callable[[list[str]], Iterable[str]] | None = None,
        locked: Callable[[], str] | None = None,
        ending: Callable[[JobLines], str] | None = None,
    ) -> None:
        super().__init__()
        self.total = self.done = 0
        self.failed: dict[int, tuple[str, list[str]]] = {}
        self.success: bool | None = None
        self.interrupted = False
        self._sizes, self._targets = sizes, targets
        self._remote, self._dry_run = remote, dry_run
        self._show_logs, self._locked, self._ending = show_logs, locked, ending
        self._began = time.monotonic()
        self._jobs: dict[int, Job] = {}
        self._time_left = TimeLeft(())
        self._table = ""
        self._ends: dict[int | None, str] = {}

    def attach(self, logger: logging.Logger, shorten: bool = True) -> None:
        """Follow Snakemake's logger, and let its stream handler print the short forms.

        Bars are drawn by a plugin at the other end of a queue, which gets no empty short forms.
        """
        logger.handlers.insert(0, self)  # the short form is made before others print
        for handler in logger.handlers if shorten else ():
            if handler.get_name() == STREAM:
                handler.filters.insert(0, short_form)
            elif isinstance(handler, logging.handlers.QueueHandler):
                handler.filters.insert(0, is_for_bars)

    def close(self) -> None:
        """Print the text at the end; Snakemake closes its handlers when all else is printed."""
        if self._ending is not None and (self.interrupted or self.success is not None):
            ending, self._ending = self._ending, None
            text = of_interruption(self.done, self.total) if self.interrupted else ending(self)
            if text:
                print(f"\n{text}", flush=True)
        super().close()

    @property
    def seconds(self) -> float:
        """Time since the start of the run."""
        return time.monotonic() - self._began

    def expect(self, jobs: Iterable[tuple[str, Mapping[str, str]]], on_cluster: bool) -> None:
        """State rule and wildcards of all jobs of the run, from which the time left follows."""
        kinds = [self._kind(*job) for job in jobs if job[0] not in self._targets]
        self._time_left = TimeLeft(kinds, on_cluster)

    def _kind(self, rule: str, wildcards: Mapping[str, str]) -> Kind:
        size = self._sizes.get(wildcards.get("cell", ""), "")
        return rule, wildcards.get("method", ""), size

    def emit(self, record: logging.LogRecord) -> None:
        """Note what happened and set the short form: None to print the message as it is."""
        try:
            if self._locked and LOCKED in record.getMessage():
                record.msg, record.args = self._locked(), None  # for bars too
            short = self._short(record)
        except Exception:  # records of another version of Snakemake must not stop a study
            short = None
        hidden = self.interrupted and record.levelno >= logging.INFO
        vars(record).update(short="" if hidden else short, hidden=hidden)

    def _short(self, record: logging.LogRecord) -> str | None:
        match str(getattr(record, "event", None) or ""):
            case "run_info":
                return self._jobs_to_do(record)
            case "job_info":
                return self._started(record)
            case "job_finished":
                return self._finished(record)
            case "job_error":
                return self._failed(record)
            case "error":
                return self._job_ended(record)
            case "workflow_started" | "job_started" | "group_info" | "progress":
                return ""
            case "" | "resources_info" if record.levelno < logging.WARNING:
                return self._message(record.getMessage())
        return None

    def _message(self, text: str) -> str:
        self.interrupted = self.interrupted or text.startswith(INTERRUPTION)
        if text.startswith("Nothing to be done"):
            self.success = None if self._dry_run else True
        if restarted := _RESTART.match(text):
            return f"{_now()}  trying again: {self._label(int(restarted[1]))}"
        if text.startswith(NOISE) or _SUBMITTED.match(text):
            return ""
        lines = text.replace(HINT, NEW_HINT).splitlines()
        return "\n".join(_cut(line, LONGEST_LINE) for line in lines)

    def _jobs_to_do(self, record: logging.LogRecord) -> str | None:
        """Count jobs by rule. A dry run keeps Snakemake's table, which it prints twice."""
        stats: dict[str, int] = getattr(record, "stats", {})
        counts = {rule: n for rule, n in stats.items() if rule not in {"total", *self._targets}}
        self.total = sum(counts.values())
        table, self._table = self._table, record.getMessage()
        if self._dry_run:
            return "" if table == self._table else None
        listed = ", ".join(f"{n} {rule}" for rule, n in counts.items())
        return _cut(f"Jobs to do: {self.total} ({listed})", LONGEST_LINE)

    def _started(self, record: logging.LogRecord) -> str:
        number, rule = getattr(record, "jobid", -1), getattr(record, "rule_name", "")
        wildcards: Mapping[str, str] = getattr(record, "wildcards", {})
        words = [f"replicates {v}" if k == "batch" else v for k, v in wildcards.items()]
        kind, benchmark = self._kind(rule, wildcards), getattr(record, "benchmark", None) or ""
        self._jobs[number] = Job(" ".join((rule, *words)), kind, benchmark)
        self.failed.pop(number, None)
        self._time_left.start(number, kind)
        return f"{_now()}  started: {self._label(number)}" if self._remote else ""

    def _finished(self, record: logging.LogRecord) -> str:
        number = getattr(record, "job_id", -1)
        job = self._jobs.get(number)
        if job is not None and job.kind[0] in self._targets:
            return ""
        self.done += 1
        in_queue_too = self._time_left.on_cluster and job is not None
        seconds = self._time_left.finish(number, job.seconds if job and in_queue_too else None)
        took = "" if seconds is None else f" ({in_words(seconds)})"
        label = _cut(self._label(number), LONGEST_LABEL)
        if self._remote:
            return f"{_now()}  finished: {label}{took}"
        failed = f", {len(self.failed)} failed" if self.failed else ""
        count = f"{self.done:>{len(str(self.total))}} of {self.total}{failed}"
        return f"{_now()}  {count}  {self._time_left_text():<21}  {label}{took}"

    def _time_left_text(self) -> str:
        estimate = self._time_left.estimate()
        if estimate is None or estimate.seconds < SOON:
            return ""
        return f"{'at least' if estimate.is_bound else 'about'} {in_words(estimate.seconds)} left"

    def _job_ended(self, record: logging.LogRecord) -> str | None:
        """Keep how a process ended for the message about its job, from the same thread."""
        end = end_of_process(record.getMessage())
        if end:
            self._ends[record.thread] = end
        return "" if end else None

    def _failed(self, record: logging.LogRecord) -> str:
        number, logs = getattr(record, "jobid", -1), list(getattr(record, "log", []))
        label = self._label(number, getattr(record, "rule_name", ""))
        self._time_left.fail(number)
        end = self._ends.pop(record.thread, "")
        if end in ("SIGINT", "SIGHUP"):
            return f"{_now()}  stopped: {label}"
        self.failed[number] = (label, logs)
        lines = [f"{_now()}  failed: {label}" + (f" ({end})" if end else "")]
        if message := getattr(record, "rule_msg", None):
            lines.append(str(message))
        lines += [f"log: {path}" for path in logs]
        lines += [f"{name}: {value}" for name, value in getattr(record, "aux", {}).items()]
        if self._show_logs and logs:
            lines += self._show_logs(logs)
        return "\n    ".join(lines)

    def _label(self, number: int, rule: str = "") -> str:
        return self._jobs[number].label if number in self._jobs else rule or f"job {number}"


def short_form(record: logging.LogRecord) -> logging.LogRecord | bool:
    """Filter of a handler: replaces the message by its short form, and drops empty ones."""
    text = getattr(record, "short", None)
    if not text:
        return text is None
    # Without its event a record is printed as it is. ``--quiet progress`` hides this one event.
    event = getattr(record, "event", None)
    kept = event if str(event) == "run_info" else None
    return logging.makeLogRecord({**vars(record), "msg": text, "args": None, "event": kept})


def is_for_bars(record: logging.LogRecord) -> bool:
    """Filter of a handler: keeps events, and plain messages without an empty short form."""
    if getattr(record, "hidden", False):
        return False
    return bool(getattr(record, "event", None)) or getattr(record, "short", None) != ""


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _now() -> str:
    return time.strftime("%b %d %H:%M:%S")
