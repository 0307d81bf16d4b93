"""The manual explains every key."""

from rlrecovery import config
from rlrecovery.config import parse
from rlrecovery.distributions import families
from rlrecovery.models import MODELS, RESCORLA_WAGNER
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
