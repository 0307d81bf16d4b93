"""The loop of ``make run`` around Snakemake, without Snakemake."""

import pytest
from settings import study, write

from rlrecovery.commands.sequential import ENOUGH, GROWN, Ended, growing_study, until_precise

SUMMARY = "results/small/summary/recovery.csv"
GROWING = {"until": {"bias": 0.1}, "at_most": 10}


@pytest.fixture
def config(tmp_path):
    return str(write(tmp_path, study(replicates=GROWING)))


def test_only_a_whole_study_whose_cells_may_grow_is_run_in_a_loop(config, tmp_path):
    options = ("--cores", "1", "--configfile", config)
    assert growing_study(options) == (config, SUMMARY)
    assert growing_study((SUMMARY, *options)) == (config, SUMMARY)
    assert growing_study(("--cores", "1", f"--configfile={config}")) == (config, SUMMARY)
    assert growing_study(("figures", *options)) is None
    assert growing_study((*options, "--dry-run")) is None
    assert growing_study((*options, "--config", "partial=true")) is None
    plain = write(tmp_path, study(), "plain.yaml")
    assert growing_study(("--configfile", str(plain))) is None
    assert growing_study(("--configfile", str(tmp_path / "absent.yaml"))) is None


def loop(config, endings, growths, *options):
    """Launches and calls that add replicates, and how the loop ends."""
    launched, grown = [], []
    launches, growths = iter(endings), iter(growths)

    def launch(arguments):
        launched.append(arguments)
        return next(launches)

    def grow(path, forget=False):
        grown.append((path, forget))
        return ENOUGH if forget else next(growths)

    ended = until_precise((config, SUMMARY), ["--cores", "1", *options], launch, grow)
    return launched, grown, ended


def test_the_summary_is_run_until_no_cell_grows(config):
    launched, grown, ended = loop(config, [Ended(0)] * 3, [GROWN, GROWN, ENOUGH])
    assert launched == [[SUMMARY, "--cores", "1"]] * 3
    assert grown == [(config, False)] * 3
    assert ended == Ended(0)


@pytest.mark.parametrize("ending", [Ended(1), Ended(0, interrupted=True)])
def test_nothing_follows_a_failure_or_an_interruption(config, ending):
    launched, grown, ended = loop(config, [Ended(0), ending], [GROWN])
    assert (len(launched), len(grown), ended) == (2, 1, ending)


def test_a_mistake_while_adding_ends_the_run(config):
    assert loop(config, [Ended(0)], [1])[-1] == Ended(1)


def test_the_numbers_of_a_study_that_is_replaced_are_forgotten_first(config):
    _, grown, _ = loop(config, [Ended(0)], [ENOUGH], "--config", "overwrite=true")
    assert grown == [(config, True), (config, False)]
