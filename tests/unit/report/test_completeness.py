"""Missing or mismatched inputs of a report."""

import pandas as pd
import pytest
import summaries

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of
from rlrecovery.report.completeness import mixtures, unfinished
from rlrecovery.storage.fingerprint import source_fingerprint

EXPERIMENT = Experiment.of(
    summaries.experiment(
        truth={"alpha": [0.2, 0.5], "beta": [3.0]},
        trials=(10,),
        replicates=5,
        methods=("mle", "bayes"),
    )
)
ONE, TWO = cells_of(EXPERIMENT)
NEW = source_fingerprint("fitting.batch")


def origin(stage, files, source=NEW, versions=None, settings_match=True):
    return {
        "stage": stage,
        "source": source,
        "versions": versions or {},
        "settings_match": settings_match,
        "files": files,
    }


@pytest.mark.parametrize(
    ("replicates", "stages", "count"),
    [
        ({ONE: 5, TWO: 5}, ["simulate", "mle", "bayes"], 0),
        ({ONE: 5, TWO: 5}, [], 0),  # a record without origins
        ({ONE: 5, TWO: 5}, ["simulate", "mle"], 1),
        ({ONE: 5, TWO: 3}, ["simulate", "mle", "bayes"], 2),
        ({ONE: 3}, ["simulate", "mle", "bayes"], 3),
    ],
)
def test_there_is_a_sentence_per_unfinished_part(replicates, stages, count):
    design = pd.DataFrame({"cell": list(replicates), "replicates": list(replicates.values())})
    origins = [origin(stage, 1) for stage in stages]
    assert len(list(unfinished(EXPERIMENT, design, origins))) == count


def test_unfinished_parts_are_counted_and_named():
    design = pd.DataFrame({"cell": [ONE], "replicates": [3]})
    sentences = list(unfinished(EXPERIMENT, design, [origin("mle", 1)]))
    assert sentences[0] == "3 of 10 data sets are finished, in 1 of 2 cells"
    assert TWO in sentences[2]
    assert "bayes" in sentences[3]


def test_one_origin_of_the_present_code_is_no_mixture():
    assert list(mixtures([origin("simulate", 3), origin("mle", 3)])) == []
    assert list(mixtures([origin("simulate", 3, source=None)])) == []


def test_stages_with_several_origins_are_mixtures():
    versions = {"numpy": "2.5.1"}, {"numpy": "2.5.2"}
    origins = [
        origin("simulate", 3),
        origin("mle", 2, source="fit:1"),
        origin("mle", 1),
        origin("bayes", 2, source="fit:1", versions=versions[0]),
        origin("bayes", 1, source="fit:1", versions=versions[1]),
    ]
    assert list(mixtures(origins)) == [
        f"Estimates of mle: 2 by fit:1 and 1 by {NEW}",
        "Estimates of bayes: 2 by fit:1 with numpy 2.5.1 and 1 by fit:1 with numpy 2.5.2",
    ]


def test_files_of_other_code_are_mixtures():
    (sentence,) = mixtures([origin("simulate", 3, source="fit:1")])
    assert sentence.startswith("Data sets: produced by fit:1")


def test_files_for_another_config_are_mixtures():
    origins = [origin("simulate", 1, settings_match=False), origin("simulate", 2)]
    assert list(mixtures(origins)) == ["Data sets: 1 of 3 files are from another config"]
