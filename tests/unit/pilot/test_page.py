"""Sentences on pilot data: what they do not say comes first."""

from __future__ import annotations

import dataclasses

import pandas as pd

from rlrecovery.pilot.page import Results, sections, text, write_page
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import PREDICTIVE
from unit.pilot.examples import fit, pilot

ROW = {"of": "posterior", "way": "forward", "observed": 0.5, "mean": 0.6}
ENDS = {"lower_50": 0.55, "upper_50": 0.65, "lower_95": 0.52, "upper_95": 0.7}
NO_TESTS = pd.DataFrame(columns=["level", "parameter", "n", "p", "p_holm"])


def results(predictive=(), tests=NO_TESTS, least=0.25, **changes):
    table = conform([ROW | ENDS | row for row in predictive], PREDICTIVE)
    done = dataclasses.replace(fit(), **changes)
    return Results(pilot(), done, least, table, tests)


def test_what_the_data_do_not_say_is_said_first():
    population = fit().population.assign(contraction=[0.9, -0.05, 0.1, 0.8])
    said = sections(results(population=population))
    first = next(iter(said.values()))
    assert first[0] == (
        "They say next to nothing about the location of beta: contraction −0.05, below 0.25. True "
        "values that are drawn for it are hardly more than draws from the prior."
    )
    assert first[1].startswith("They say next to nothing about the SD of alpha: contraction 0.10")
    assert first[2].startswith("Contraction")
    assert "location of alpha 0.90 and SD of beta 0.80" in first[2]


def test_a_contraction_is_not_rounded_to_the_limit():
    population = fit().population.assign(contraction=[0.2499, 0.25, 0.9, 0.9])
    first = sections(results(population=population))["How much the pilot data say"]
    assert "contraction 0.2499, below 0.25" in first[0]
    assert "location of beta 0.25" in first[1]


def test_estimates_of_the_population_have_their_scale():
    said = sections(results())["The population"]
    row = fit().population.iloc[0]
    assert said[1] == (
        f"Location of alpha: {row['estimate']:.3g} ({row['lower_95']:.3g} to "
        f"{row['upper_95']:.3g})."
    )
    assert said[3].startswith("SD of alpha (logit scale): ")
    assert said[4].startswith("SD of beta (log scale): ")


def test_flagged_quantities_are_named():
    population = fit().population.assign(status=["ok", "not_converged", "ok", "ok"])
    assert sections(results(population=population))["The population"][2].endswith(
        "Flagged: not_converged."
    )


def test_statistics_outside_the_predictions_are_named():
    rows = [
        {"statistic": "win_stay", "p": 0.99},
        {"statistic": "lose_shift", "p": 0.5},
        *({"statistic": "learning", "trial": t, "p": 0.001 if t < 1 else 0.5} for t in range(10)),
    ]
    said = sections(results(rows))["Does the model reproduce the data?"]
    assert said == [
        "2 of 12 statistics are outside the 95 % intervals of the predictions; about one in 20 "
        "would be if the model were right.",
        "Win-stay (simulated forward) is lower than the fitted model predicts: 0.50, predicted "
        "0.60 (0.52 to 0.70).",
    ]
    assert sections(results())["Does the model reproduce the data?"] == [
        "There is no predictive check: no statistic can be computed."
    ]


def uniformity(p_holm, n=100):
    quantities = [("group", "alpha"), ("participant", "beta")]
    rows = [{"level": a, "parameter": b, "n": n, "p": 0.4, "p_holm": p_holm} for a, b in quantities]
    return pd.DataFrame(rows).assign(p_holm=[p_holm, 1.0])


def test_the_verdict_on_calibration():
    title = "Are the intervals right where these people are?"
    assert sections(results())[title] == ["Not checked (pilot.data_sets is 0)."]
    (right,) = sections(results(tests=uniformity(0.3)))[title]
    assert right.startswith("Nothing speaks against it: 100 data sets were simulated")
    assert "p = 0.3 for the location of alpha" in right
    assert sections(results(tests=uniformity(0.01)))[title][0].startswith("No: 100 data sets")
    (few,) = sections(results(tests=uniformity(0.3, 1)))[title]
    assert few.startswith("Too few to say: with 1 data set hardly any error")


def test_the_page_has_every_sentence_and_escapes_names(tmp_path):
    named = dataclasses.replace(
        fit(), participants=fit().participants.replace("s01", "<b>&").reset_index(drop=True)
    )
    said = dataclasses.replace(results(), fit=named)
    figure = tmp_path / "a.svg"
    figure.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    write_page(tmp_path / "p.html", said, ["make run"], {"The participants": figure})
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;" in page
    assert "<b>&" not in page
    assert page.count("<img ") == 1
    assert page.count("<tr>") == 1 + len(named.participants)
    plain = text(said, ["make run"])
    for title, sentences in sections(said).items():
        assert title in plain
        assert all(f"  {sentence}" in plain for sentence in sentences)
    assert plain.endswith("Next\n  make run")
