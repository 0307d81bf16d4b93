"""A study that no machine can compute is refused; all others have their size in one sentence."""

import pytest

from rlrecovery.config.reader import load, parse
from rlrecovery.planning.plan import amount, duration
from rlrecovery.planning.size import MOST_MEMORY, in_words, size_of, too_large
from rlrecovery.planning.stages import plan_stages
from unit.config.experiments import ROOT, changed

FILES = [ROOT / "config.yaml", *sorted((ROOT / "tests" / "config").glob("*.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_committed_configs_are_not_too_large(path):
    size = size_of(load(path))
    assert list(too_large(size)) == []
    assert in_words(size).startswith("Expected: about ")


def test_the_size_is_that_of_the_stages():
    experiment = parse(changed({}))
    stages, size = plan_stages(experiment), size_of(experiment)
    assert size.memory == max(stage.memory_mib for stage in stages.values()) * 2**20
    assert size.memory == stages[size.largest].memory_mib * 2**20
    assert size.disk == sum(stage.disk_bytes for stage in stages.values())
    seconds = sum(t for stage in stages.values() for t in stage.seconds.values())
    assert size.seconds == pytest.approx(seconds)
    assert in_words(size) == (
        f"Expected: about {duration(seconds)} of CPU time, {amount(size.disk)} on disk and up to "
        f"{amount(size.memory)} of memory for a job; make plan says more."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"participants": [10**9]}, ["TiB of memory for a job of fit hierarchical"]),
        ({"participants": [10**15], "trials": [10**15]}, ["TiB of memory", "TB on", "CPU time"]),
        ({"replicates": 10**12, "batch_size": 10**12}, ["TiB of memory", "TB on", "CPU time"]),
        ({"methods.bayes.draws": 10**10}, ["TiB of memory for a job of fit bayes"]),
        ({"methods.bayes.tune": 10**13}, ["TiB of memory for a job of fit bayes", "CPU time"]),
        ({"replicates": 10**9, "batch_size": 10**5}, ["TiB of memory for a job of score"]),
    ],
)
def test_absurd_sizes_are_one_mistake_each(changes, words):
    sentences = [mistake.sentence for mistake in too_large(size_of(parse(changed(changes))))]
    assert all(s.startswith("the study takes about ") and "the limit is" in s for s in sentences)
    assert all(word in sentence for word, sentence in zip(words, sentences, strict=False))
    assert len(sentences) >= len(words)
    assert max(map(len, sentences)) < 160


def test_the_limit_of_memory_is_met_where_it_says():
    below = size_of(parse(changed({})))._replace(memory=MOST_MEMORY)
    assert list(too_large(below)) == []
    (mistake,) = too_large(below._replace(memory=1.5 * MOST_MEMORY, largest="fit mle"))
    assert mistake.sentence == (
        "the study takes about 3 TiB of memory for a job of fit mle; the limit is 2 TiB: reduce "
        "batch_size, participants, trials or draws"
    )
