"""The manual explains every key."""

from rlrecovery.config.json_schema import json_schema
from rlrecovery.config.manual import entries, manual
from rlrecovery.config.reader import parse
from rlrecovery.models.distributions import families
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER
from unit.config.experiments import changed, sentences


def test_the_manual_explains_every_key_and_fits_a_terminal():
    lines = manual().splitlines()
    assert max(map(len, lines)) <= 88
    for key in (
        "run",
        "task.arms",
        "truth.<parameter>",
        "population.<parameter> (spread).spread",
        "methods.<name> (mle).bounds.<parameter>",
        "methods.<name> (bayes).priors.<parameter>",
        "methods.<name> (bayes).priors.<parameter> (location, scale).location",
        "methods.<name> (bayes).convergence.rhat",
        "task.reversals.after",
        "task.drift.centre",
        "task.schedule.values",
        "tasks.<name>",
        "variants.<name>.fixed.<parameter>",
        "models.simulate.<model>.truth.<parameter>",
        "models.simulate.<model>.population.<parameter>",
        "models.fit",
        "completed",
        "methods.<name> (bayes).loo",
    ):
        assert key in lines
    for name in (*families(), *MODELS):
        assert name in lines


def test_every_entry_has_a_type_and_every_key_a_meaning():
    for entry in entries():
        assert entry.kind
        assert entry.meaning.endswith(".") or entry.path == "methods.<name>"


def test_a_key_that_may_be_left_out_is_called_optional():
    schema = json_schema()
    optional = {
        key
        for section in [schema, *schema["$defs"].values()]
        for key in set(section.get("properties", ())) - set(section.get("required", ()))
    }
    said = {entry.path.rsplit(".", 1)[-1] for entry in entries() if "; optional" in entry.kind}
    assert said == optional
    kinds = {entry.path: entry.kind for entry in entries()}
    assert kinds["missing"].endswith("; optional, default [0.0]")
    assert kinds["trials"] == "list of 1 or more, each: integer >= 1"


def test_no_key_is_explained_twice():
    paths = [entry.path for entry in entries()]
    assert len(set(paths)) == len(paths)
    assert not any(path.startswith("tasks.<name>.") for path in paths)


def test_a_new_model_needs_nothing_here(monkeypatch):
    monkeypatch.setitem(MODELS, "brand_new", RESCORLA_WAGNER)
    assert parse(changed({"model": "brand_new"})).model == "brand_new"
    assert "brand_new" in manual().splitlines()
    (sentence,) = sentences(changed({"model": "brand_neu"}))
    assert sentence.endswith(" or brand_new (did you mean brand_new?)")


def test_parameters_that_variants_add_are_explained():
    text = manual()
    assert "\n    lapse: probability of a random choice" in text
    assert "\n    start_value: value of every arm before the first trial" in text
