"""Whether an effect is mistaken for another one, in words."""

from types import SimpleNamespace

import effect_tables
import numpy as np
import pandas as pd
import pytest
from settings import MLE, study

from rlrecovery.config.reader import parse
from rlrecovery.report.effects_mixed import mistaken_effects

GROUPS = {
    "control": {"share": 0.5},
    "patient": {"share": 0.5, "shift": {"alpha": [-0.8], "beta": [0]}},
}
EXPERIMENT = parse(study(methods={"mle": MLE}, participants=[60], trials=[120], groups=GROUPS))
DESIGN = (60, 120)


def summary(share, mcse=0.02):
    """Type I errors of a difference in beta: 5 % alone, and `share` where alpha differs."""
    table = effect_tables.effects({"mle": ("t_test", "rank_test")}, truths=(0.3, 0.5))
    nothing = table[(table["measure"] == "type_1")].assign(parameter="beta", value=0.05, mcse=mcse)
    with_alpha = nothing.assign(other_effects="patient alpha -0.8", value=[share] * len(nothing))
    is_rank = with_alpha["analysis"] == "rank_test"
    with_alpha = with_alpha.assign(value=with_alpha["value"].where(~is_rank, 0.05))
    return SimpleNamespace(effects=pd.concat([nothing, with_alpha]))


def test_a_difference_that_is_found_because_of_another_one_is_told():
    (text,) = mistaken_effects(summary(0.16), EXPERIMENT, DESIGN)
    assert text == (
        "A difference in beta between patient and control is found where there is none, but other "
        "effects are present: by the t test of mle estimates in 16.0 ± 1.4 % of data sets "
        "(patient alpha −0.8)."
    )


def test_an_error_within_its_monte_carlo_error_is_not_known():
    (text,) = mistaken_effects(summary(0.07), EXPERIMENT, DESIGN)
    assert "no analysis finds it clearly more often than in 5 % of data sets" in text
    assert "The highest share is 7.0 ± 1.4 % of data sets, by the t test of mle estimates" in text


@pytest.mark.parametrize("others", ["", np.nan])
def test_a_study_of_one_effect_has_no_such_sentence(others):
    table = summary(0.16).effects
    alone = table[table["other_effects"] == ""].assign(other_effects=others)
    assert mistaken_effects(SimpleNamespace(effects=alone), EXPERIMENT, DESIGN) == []
    nothing = SimpleNamespace(effects=table[:0])
    assert mistaken_effects(nothing, EXPERIMENT, DESIGN) == []
