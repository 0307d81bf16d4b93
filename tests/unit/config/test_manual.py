"""The manual explains every key."""

from rlrecovery import config
from rlrecovery.config import parse
from rlrecovery.models.distributions import families
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER
from unit.config.experiments import MODEL_NAMES, changed, problems


def test_the_manual_explains_every_key_and_fits_a_terminal():
    text = config.manual()
    lines = text.splitlines()
    assert max(map(len, lines)) <= 88
    for key in (
        "run",
        "task.arms",
        "truth.<parameter>",
        "population.<parameter>.spread",
        "methods.<name>.bounds.<parameter>",
        "methods.<name>.priors.<parameter>.location",
        "methods.<name>.convergence.rhat",
        "task.reversals.after",
        "task.drift.centre",
        "task.schedule.values",
        "tasks.<name>",
        "variants.<name>.fixed.<parameter>",
        "models.simulate.<model>.truth.<parameter>",
        "models.simulate.<model>.population.<parameter>",
        "models.fit",
        "completed",
        "methods.<name>.loo",
    ):
        assert key in lines
    for name in (*families(), *MODELS):
        assert name in lines


def test_a_new_model_needs_nothing_here(monkeypatch):
    monkeypatch.setitem(MODELS, "brand_new", RESCORLA_WAGNER)
    assert parse(changed({"model": "brand_new"})).model == "brand_new"
    assert "brand_new" in config.manual()
    assert problems(changed({"model": "brand_neu"})) == [
        f"model is 'brand_neu', but must be {MODEL_NAMES.replace(' or ', ', ')} or brand_new "
        "(did you mean brand_new?)"
    ]


OPTIONAL = [
    "observed",
    "task", "tasks", "model", "models", "truth", "population", "variants", "missing", "completed",
    "task.arms", "task.rewards", "task.sd", "task.reset", "task.feedback", "task.reversals",
    "task.drift", "task.schedule", "task.missing_trials", "task.neutral", "task.reversals.after",
    "task.reversals.every", "task.reversals.correct", "task.reversals.within", "task.drift.decay",
    "task.drift.centre", "task.schedule.values", "models.simulate.<model>.truth",
    "variants.<name>.fixed", "variants.<name>.lapse", "variants.<name>.start_value",
    "methods.<name>.model", "methods.<name>.priors", "methods.<name>.loo",
]  # fmt: skip


def test_it_is_said_of_every_key_that_may_be_left_out_what_that_means():
    schema = config.json_schema()
    sections = [schema, *schema["$defs"].values()]
    optional = {
        key
        for section in sections
        for key in set(section.get("properties", ())) - set(section.get("required", ()))
    }
    assert {path.rsplit(".", 1)[-1] for path in OPTIONAL} == optional
    for entry in config.manual().split("\n\n"):
        path, text = entry.split("\n")[0], " ".join(entry.lower().split())
        if path[0].islower() and path not in MODELS:
            assert ("left out" in text) == (path in OPTIONAL), path


def test_nothing_is_told_twice_but_what_several_kinds_of_methods_share():
    paths = [line for line in config.manual().splitlines() if line and line[0].islower()]
    once = [path for path in paths if not path.startswith("methods.<name>")]
    assert len(set(once)) == len(once)
    assert not any(path.startswith("tasks.<name>.") for path in paths)


def test_parameters_that_variants_add_are_told():
    text = config.manual()
    assert "\n    lapse: probability of a random choice" in text
    assert "\n    start_value: value of every arm before the first trial" in text
