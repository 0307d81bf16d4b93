"""What is printed for the messages of a run, by a handler named as Snakemake's."""

import io
import logging
import logging.handlers
import queue
import re
import threading

import pytest

from rlrecovery.commands import job_lines
from rlrecovery.commands.job_lines import STREAM, JobLines

CELL = "alpha-0.3_beta-3.0_n-2_t-20"
MANY = ", ".join(f"results/small/estimates/mle/cell-{i}.parquet" for i in range(800))
RULE_EXCEPTION = (
    'RuleException:\nCalledProcessError in file "/project/workflow/rules/fit.smk", line 55:\n'
    "Command 'set -euo pipefail;  /project/.venv/bin/python /tmp/x.fit.py' {}."
)
LABEL = f"fit mle {CELL} replicates 00000-00003"


class Run:
    """A logger with the handlers of a run, and what they print."""

    def __init__(self, **options):
        self.logger = logging.getLogger("lines-under-test")
        self.logger.handlers.clear()
        self.logger.setLevel(logging.INFO)
        self.logger.propagate = False
        self.printed, self.kept = io.StringIO(), io.StringIO()
        stream, file = logging.StreamHandler(self.printed), logging.StreamHandler(self.kept)
        stream.set_name(STREAM)
        for handler in (stream, file):
            self.logger.addHandler(handler)
        shorten = options.pop("shorten", True)
        self.lines = JobLines({CELL: "n-2_t-20"}, ("all", "figures"), **options)
        self.lines.attach(self.logger, shorten=shorten)

    def send(self, event, message="", level=logging.INFO, **fields):
        self.logger.log(level, message, extra={"event": event, **fields})

    def begin(self, **stats):
        self.send("run_info", "Job stats:\n...", stats={**stats, "total": sum(stats.values())})

    def start(self, number, rule="fit", **wildcards):
        self.send("job_info", f" Rule: {rule}, Jobid: {number}", jobid=number, rule_name=rule,
                  rule_msg="Fitting", wildcards=wildcards, reason=f"Missing output files: {MANY}",
                  input=[MANY], output=[], log=[], benchmark=None)  # fmt: skip

    def finish(self, number):
        self.send("job_finished", f"Finished jobid: {number} (Rule: fit)", job_id=number)
        self.send("progress", None, done=1, total=3)

    def fail(self, number, how="", **fields):
        fields = {"rule_msg": None, "log": ["logs/fit.log"], "aux": {}} | fields
        if how:
            self.send("error", RULE_EXCEPTION.format(how), logging.ERROR, exception="RuleException")
        self.send("job_error", f"Error in rule fit, jobid: {number}", logging.ERROR, jobid=number,
                  rule_name="fit", input=[MANY], output=[], shellcmd=None, **fields)  # fmt: skip

    @property
    def output(self):
        """Printed lines without their times."""
        text = re.sub(r"(?m)^\w{3} \d\d \d\d:\d\d:\d\d  ", "", self.printed.getvalue())
        return [" ".join(line.split()) for line in text.splitlines()]


def test_a_locked_folder_is_explained_in_our_words():
    run = Run(locked=lambda: "error: another run works here")
    text = "LockException:\nError: Directory cannot be locked. Please make sure that\n/project"
    run.send(None, text, logging.ERROR)
    assert run.output == ["error: another run works here"]
    assert run.kept.getvalue() == "error: another run works here\n"


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds, as a list of one number."""
    now = [0.0]
    monkeypatch.setattr(job_lines.TimeLeft, "__init__", with_clock(lambda: now[0]))
    return now


def with_clock(clock, init=job_lines.TimeLeft.__init__):
    return lambda self, expected, on_cluster=False: init(self, expected, on_cluster, clock)


def fit(run, number, batch="00000-00003"):
    run.start(number, "fit", method="mle", cell=CELL, batch=batch)


def test_a_finished_job_is_one_line_with_count_time_left_and_duration(clock):
    run = Run()
    run.begin(simulate=1, fit=3, all=1)
    fits = [("fit", {"method": "mle", "cell": CELL, "batch": str(i)}) for i in range(3)]
    run.lines.expect([("simulate", {"cell": CELL}), *fits, ("all", {})], on_cluster=False)
    run.start(1, "simulate", cell=CELL, batch="00000-00003")
    clock[0] += 2
    run.finish(1)
    for number in (2, 3):
        fit(run, number)
        clock[0] += 10
        run.finish(number)
    assert run.output == [
        "Jobs to do: 4 (1 simulate, 3 fit)",
        f"1 of 4 simulate {CELL} replicates 00000-00003 (2 s)",
        f"2 of 4 about 20 s left {LABEL} (10 s)",
        f"3 of 4 about 10 s left {LABEL} (10 s)",
    ]


def test_a_bound_of_the_time_left_is_called_one(clock):
    run = Run()
    run.begin(fit=2, report=1)
    fits = [("fit", {"method": "mle", "cell": CELL})] * 2
    run.lines.expect([*fits, ("report", {})], on_cluster=False)
    fit(run, 1)
    clock[0] += 300
    run.finish(1)
    assert "1 of 3 at least 5 min left fit" in run.output[-1]


def test_other_handlers_get_all_messages_as_they_are():
    run = Run()
    run.begin(fit=1)
    fit(run, 1)
    run.finish(1)
    assert run.kept.getvalue().splitlines() == [
        "Job stats:", "...", " Rule: fit, Jobid: 1", "Finished jobid: 1 (Rule: fit)", "None"
    ]  # fmt: skip


def test_targets_are_no_jobs():
    run = Run()
    run.begin(figure=1, figures=1)
    run.start(1, "figure", figure="bias")
    run.finish(1)
    run.start(0, "figures")
    run.finish(0)
    assert [line.split(" (")[0] for line in run.output] == ["Jobs to do: 1", "1 of 1 figure bias"]


def test_no_line_is_too_long():
    run = Run()
    run.begin(**{f"rule_with_a_long_name_{i}": 1 for i in range(20)})
    run.start(1, "fit", method="m" * 60, cell="c" * 200, batch="00000-00003")
    run.finish(1)
    run.send(None, f"Removing output files of failed job since they might be corrupted:\n{MANY}")
    assert all(len(line) <= 200 for line in run.printed.getvalue().splitlines())
    assert len(run.output) == 4


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Select jobs to execute...", []),
        ("Using shell: /usr/bin/bash", []),
        ("Conda environments: ignored", []),
        ("Elapsed time: 0:04:38.503214", []),
        ("Job 5 has been submitted with SLURM jobid 17 (log: .snakemake/slurm_logs/17.log).", []),
        ("SLURM run ID: 0a1b", ["SLURM run ID: 0a1b"]),
        ("Complete log(s): .snakemake/log/x.log", ["Complete log(s): .snakemake/log/x.log"]),
        ("Something new", ["Something new"]),
    ],
)
def test_messages_about_snakemake_are_dropped_and_all_others_kept(text, printed):
    run = Run()
    run.send(None, text)
    assert run.output == printed


def test_warnings_and_errors_are_printed_as_they_are():
    run = Run()
    run.send(None, f"Select jobs to execute: {MANY}", logging.WARNING)
    run.send("error", "WorkflowError:\nno such file", logging.ERROR, exception="WorkflowError")
    assert run.output == [f"Select jobs to execute: {MANY}", "WorkflowError:", "no such file"]


@pytest.mark.parametrize(
    ("how", "end"),
    [
        ("returned non-zero exit status 1", " (exit status 1)"),
        ("died with <Signals.SIGKILL: 9>", " (SIGKILL, usually because memory ran out)"),
        ("", ""),
    ],
)
def test_a_failed_job_is_named_with_its_end_and_its_log(how, end):
    run = Run()
    run.begin(fit=2)
    fit(run, 1)
    run.fail(1, how)
    assert run.output[1:] == [f"failed: {LABEL}{end}", "log: logs/fit.log"]
    fit(run, 2)
    run.finish(2)
    assert run.output[-1].startswith("1 of 2, 1 failed fit mle")
    assert list(run.lines.failed.values()) == [(LABEL, ["logs/fit.log"])]


def test_jobs_that_are_stopped_with_the_run_did_not_fail():
    run = Run()
    run.begin(fit=2)
    fit(run, 1)
    run.fail(1, "died with <Signals.SIGINT: 2>")
    assert run.output[1:] == [f"stopped: {LABEL}"]
    assert not run.lines.failed


def test_ends_of_two_jobs_at_once_are_not_confused():
    run = Run()
    run.begin(fit=2)
    fit(run, 1, "1")
    fit(run, 2, "2")
    error = RULE_EXCEPTION.format("returned non-zero exit status 1")
    other = threading.Thread(target=run.send, args=("error", error, logging.ERROR))
    run.send("error", RULE_EXCEPTION.format("died with <Signals.SIGKILL: 9>"), logging.ERROR)
    other.start()
    other.join()
    run.fail(1)
    assert "SIGKILL" in run.output[1]


def test_what_a_cluster_says_of_a_failed_job_is_printed():
    run = Run()
    fit(run, 1)
    message = "SLURM-job '17' failed, SLURM status is: 'OUT_OF_MEMORY'."
    run.fail(1, rule_msg=message, log=["a.log", "b.log"], aux={"external_jobid": "17"})
    assert run.output[1:] == [message, "log: a.log", "log: b.log", "external_jobid: 17"]
    run.send(None, "Trying to restart job 1.")
    assert run.output[-1] == f"trying again: {LABEL}"
    fit(run, 1)
    assert not run.lines.failed


def test_logs_of_failed_jobs_are_printed_where_that_is_asked_for():
    run = Run(show_logs=lambda paths: [f"content of {path}" for path in paths])
    run.fail(1)
    assert run.output == ["failed: fit", "log: logs/fit.log", "content of logs/fit.log"]


def test_on_a_cluster_the_run_time_is_that_of_the_benchmark(tmp_path, clock):
    run, benchmark = Run(), tmp_path / "fit.tsv"
    run.begin(fit=2)
    run.lines.expect([("fit", {"method": "mle", "cell": CELL})] * 2, on_cluster=True)
    benchmark.write_text("s\th:m:s\n42.5\t0:00:42\n")
    for number, path in ((1, str(benchmark)), (2, "missing.tsv")):
        run.send("job_info", jobid=number, rule_name="fit", wildcards={}, benchmark=path)
        clock[0] += 500
        run.finish(number)
    assert run.output[1:] == ["1 of 2 fit (42 s)", "2 of 2 fit (8.3 min)"]


def test_a_job_on_a_cluster_says_which_it_is():
    run = Run(remote=True)
    fit(run, 0)
    run.finish(0)
    assert run.output == [f"started: {LABEL}", f"finished: {LABEL} (0 s)"]


def test_a_dry_run_is_one_table():
    run = Run(dry_run=True)
    run.begin(fit=2, all=1)
    fit(run, 1)
    run.begin(fit=2, all=1)
    run.send(None, f"Reasons:\n    {job_lines.HINT}\n    output files have to be generated:\n fit")
    assert run.output == ["Job stats:", "...", "Reasons:", job_lines.NEW_HINT,
                          "output files have to be generated:", "fit"]  # fmt: skip


def test_verbose_output_is_not_shortened_but_followed(capsys):
    run = Run(shorten=False, ending=lambda lines: f"{lines.done} of {lines.total} done")
    run.begin(fit=1)
    fit(run, 1)
    run.finish(1)
    assert run.output[:3] == ["Job stats:", "...", "Rule: fit, Jobid: 1"]
    run.lines.success = True
    run.lines.close()
    assert capsys.readouterr().out == "\n1 of 1 done\n"


@pytest.mark.parametrize(
    ("success", "text", "printed"),
    [
        (None, "the end", ""),
        (True, "the end", "\nthe end\n"),
        (False, "no", "\nno\n"),
        (True, "", ""),
    ],
)
def test_the_text_at_the_end_is_printed_once(capsys, success, text, printed):
    run = Run(ending=lambda _: text)
    run.lines.success = success
    run.lines.close()
    run.lines.close()
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(("dry_run", "success"), [(False, True), (True, None)])
def test_with_nothing_to_do_the_run_is_finished(dry_run, success):
    run = Run(dry_run=dry_run)
    message = "Nothing to be done (all requested files are present and up to date)."
    run.send(None, message)
    assert run.output == [message]
    assert run.lines.success is success


def test_records_of_another_version_are_printed_as_they_are():
    run = Run()
    run.send("run_info", "Job stats", stats=None)
    run.send("job_info", "Rule: fit", jobid=1, rule_name="fit", wildcards=None)
    assert run.output == ["Job stats", "Rule: fit"]


def test_bars_get_no_messages_about_snakemake():
    run, sent = Run(), queue.SimpleQueue()
    bars = logging.handlers.QueueHandler(sent)
    run.logger.addHandler(bars)
    run.lines.attach(run.logger)
    for message in ("Conda environments: ignored", "Complete log(s): x"):
        run.send(None, message)
    fit(run, 1)
    got = [sent.get_nowait().getMessage() for _ in range(sent.qsize())]
    assert got == ["Complete log(s): x", " Rule: fit, Jobid: 1"]


def interrupt(run):
    """What Snakemake writes after Ctrl-C, with a job running."""
    run.send(None, "Terminating processes on user request, this might take some time.")
    run.fail(2, "died with <Signals.SIGHUP: 1>")
    run.send(None, "Shutting down, this might take some time.", logging.WARNING)
    run.send(None, "Exiting because a job execution failed.", logging.ERROR)
    run.lines.success = False


def test_an_interruption_prints_one_line(capsys):
    run = Run(ending=lambda _: "not printed")
    run.begin(fit=3)
    fit(run, 1)
    run.finish(1)
    fit(run, 2)
    before = len(run.output)
    interrupt(run)
    assert run.output[before:] == []
    assert "job execution failed" in run.kept.getvalue()
    run.lines.close()
    run.lines.close()
    assert capsys.readouterr().out == (
        "\nInterrupted: 1 of 3 jobs are done and kept; run the same command again to go on.\n"
    )


def test_bars_get_nothing_after_an_interruption():
    run, sent = Run(), queue.SimpleQueue()
    bars = logging.handlers.QueueHandler(sent)
    run.logger.addHandler(bars)
    run.lines.attach(run.logger)
    fit(run, 2)
    sent.get_nowait()
    interrupt(run)
    assert sent.empty()
