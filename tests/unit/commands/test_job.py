"""How jobs took and ended."""

import pytest

from rlrecovery.commands.job import Job, end_of_process


@pytest.mark.parametrize(
    ("message", "end"),
    [
        ("Command 'x' returned non-zero exit status 1.", "exit status 1"),
        ("Command 'x' returned non-zero exit status 255.", "exit status 255"),
        ("Command 'x' returned non-zero exit status 143.", "SIGTERM"),
        (
            "Command 'x' returned non-zero exit status 137.",
            "SIGKILL, usually because memory ran out",
        ),
        ("Command 'x' died with <Signals.SIGKILL: 9>.", "SIGKILL, usually because memory ran out"),
        ("Command 'x' died with <Signals.SIGINT: 2>.", "SIGINT"),
        ("MissingOutputException: x", ""),
    ],
)
def test_the_end_of_a_process_is_its_exit_status_or_signal(message, end):
    assert (
        end_of_process(f"RuleException:\nCalledProcessError in file x, line 55:\n{message}") == end
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("s\th:m:s\n42.5\t0:00:42\n", 42.5),
        ("s\n", None),
        ("h:m:s\n0:00:42\n", None),
        ("s\nNA\n", None),
    ],
)
def test_the_wall_time_is_that_of_the_benchmark(tmp_path, text, seconds):
    path = tmp_path / "fit.tsv"
    path.write_text(text)
    assert Job("fit", ("fit", "", ""), str(path)).seconds == seconds


def test_without_a_benchmark_the_wall_time_is_unknown(tmp_path):
    for path in ("", str(tmp_path / "missing.tsv")):
        assert Job("fit", ("fit", "", ""), path).seconds is None
