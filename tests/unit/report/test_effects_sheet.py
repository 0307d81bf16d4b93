"""The table of effects for a paper."""

import effect_tables
import pandas as pd

from rlrecovery.report.effects_sheet import effects_body
from rlrecovery.report.latex import latex
from rlrecovery.report.numbers import pm
from rlrecovery.report.sheets import SHEETS


def test_it_has_every_size_and_analysis_of_both_ends_of_the_design(tiny):
    summary = effect_tables.with_effects(tiny)
    body = effects_body(summary)
    assert len(body) == 2 * 3 * 5
    row = body.loc["patient", "alpha", "-0.8", "60", "120", "joint model of hierarchical"]
    power = next(
        m for m in effect_tables.measures("joint", -0.8, 60, 120, 200) if m["measure"] == "power"
    )
    assert row["found (%)"] == pm(power["value"], power["mcse"], 100)
    null = body.loc["patient", "alpha", "0", "60", "120", "joint model of hierarchical"]
    assert null["found (%)"] == "5.0 ± 1.5"
    assert null["type M"] == "–"


def test_it_is_typeset_or_says_that_there_is_none(tiny):
    text = latex("effects", SHEETS["effects"](effect_tables.with_effects(tiny)))
    assert r"\label{tab:effects}" in text
    assert "−" not in text
    assert text.count("{") == text.count("}")
    empty = SHEETS["effects"](tiny)
    assert isinstance(empty.body, pd.DataFrame)
    assert "no such results" in latex("effects", empty)
