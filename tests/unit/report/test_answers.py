"""The answers at the top of the page are those of the summary."""

import dataclasses

import pandas as pd
import pytest
import summaries

from rlrecovery.config.limits import Limits
from rlrecovery.report.answers import answers, place_of
from rlrecovery.score.results import load_summary
from unit.report.pages import over_grid, rejudged

PARTICIPANTS = {"parameter": "alpha", "level": "participant"}


def answer(summary, question="alpha of individual participants", limits=None):
    found = {a.question: a for a in answers(summary, limits or Limits())}
    return found[question]


def test_every_parameter_has_an_answer_for_participants_and_for_groups(summary):
    questions = [a.question for a in answers(summary, Limits())]
    assert questions == [
        "alpha of individual participants",
        "alpha of the group",
        "beta of individual participants",
        "beta of the group",
    ]


def test_the_answer_on_participants_rests_on_differences_within_populations(summary):
    # The rank correlation over the grid stays high.
    poor = over_grid(
        summary, PARTICIPANTS, spearman_within=(0.33, 0.01), relative_rmse=(1.37, 0.02)
    )
    found = answer(poor)
    assert found.verdict in ("no", "partly")
    assert "only weakly (rank correlation 0.330 ± 0.010, reliability" in found.text
    assert "137.0 ± 2.0 % of that of guessing the mean of their population" in found.text
    assert "on average over the true values, 137.0" in found.text
    assert "so that guessing is better" in found.text


@pytest.mark.parametrize(
    ("rank", "adverb"), [(0.8, "well"), (0.6, "moderately"), (0.3, "only weakly"), (0.1, "hardly")]
)
def test_the_adverb_follows_the_limits(summary, rank, adverb):
    assert adverb in answer(over_grid(summary, PARTICIPANTS, spearman_within=(rank, 0.01))).text


def test_the_answer_names_the_recommended_method(summary):
    table = summary.verdicts[summary.verdicts["recommended"]]
    of_alpha = table[(table["parameter"] == "alpha") & (table["trials"] == 150)]
    method = of_alpha.set_index("level")["method"]
    assert f" {method['participant']} " in answer(summary).text
    assert f" {method['group']} " in answer(summary, "alpha of the group").text


def with_cells(summary, verdicts):
    """Set the verdicts of cells of individual participants' alpha, by true values."""
    table = summary.verdicts.copy()
    table["verdict"] = table["verdict"].astype("object")
    cells = (table["scope"] == "cell") & (table["level"] == "participant")
    for (alpha, beta), verdict in verdicts.items():
        here = cells & (table["alpha"] == alpha) & (table["beta"] == beta)
        assert here.any()
        table.loc[here, "verdict"] = verdict
    return dataclasses.replace(summary, verdicts=table)


def test_a_verdict_that_depends_on_the_true_value_says_where(summary):
    cells = {(a, b): "yes" if b == 5 else "no" for a in (0.2, 0.5, 0.8) for b in (2, 5)}
    mixed = with_cells(summary, cells)
    found = answer(mixed)
    assert found.verdict == "partly"
    assert "Recovered where beta is 5; not recovered where beta is 2." in found.text
    one = with_cells(summary, cells | {(0.2, 5): "no"})
    places = "only at alpha 0.5, beta 5 and at alpha 0.8, beta 5; not recovered at 4 of 6"
    assert f"Recovered {places} true values." in answer(one).text


@pytest.mark.parametrize(
    ("yes", "word"), [(0, "no"), (1, "no, with exceptions"), (2, "partly"), (6, "partly")]
)
def test_exceptions_are_few(summary, yes, word):
    poor = over_grid(summary, PARTICIPANTS, spearman_within=(0.33, 0.01))
    values = [(a, b) for a in (0.2, 0.5, 0.8) for b in (2, 5)]
    cells = {pair: "yes" if k < yes else "no" for k, pair in enumerate(values)}
    assert answer(with_cells(poor, cells)).word == word


@pytest.mark.parametrize(
    ("of_cells", "word"),
    [(["yes"], "not decided"), (["no"], "not decided"), (["yes", "partly"], "partly")],
)
def test_what_is_not_decided_is_partly_if_true_values_certainly_differ(summary, of_cells, word):
    unclear = over_grid(summary, PARTICIPANTS, spearman_within=(0.74, 0.1))
    values = [(a, b) for a in (0.2, 0.5, 0.8) for b in (2, 5)]
    cells = dict.fromkeys(values, "undecided") | dict(zip(values, of_cells, strict=False))
    assert answer(with_cells(unclear, cells)).word == word


def test_guessing_is_better_only_beyond_the_monte_carlo_error(summary):
    unclear = over_grid(summary, PARTICIPANTS, relative_rmse=(1.05, 0.04))
    assert "guessing is better" not in answer(unclear).text


@pytest.mark.parametrize(
    ("yes", "place"),
    [
        ((1, 2), "where beta is 2 or less"),
        ((2, 5), "where beta is 2 or more"),
        ((1, 5), "where beta is 1 or 5"),
        ((), ""),
        ((1, 2, 5), "at all 3 true values"),
    ],
)
def test_places_are_described_by_one_condition(summary, yes, place):
    cells = pd.DataFrame({"alpha": 0.5, "beta": [1.0, 2.0, 5.0]})
    cells["verdict"] = ["yes" if beta in yes else "no" for beta in cells["beta"]]
    assert place_of(summary, cells, "yes") == place


def test_methods_that_are_not_separated_are_named_and_the_first_is_chosen(summary):
    table = summary.verdicts.copy()
    table["standing"] = table["standing"].astype("object")
    grid = (table["scope"] == "grid") & (table["level"] == "participant")
    table.loc[grid, "standing"] = "similar"
    table.loc[grid & (table["method"] == "bayes"), "standing"] = "best"
    table.loc[grid, "recommended"] = table.loc[grid, "method"] == "mle"
    found = answer(dataclasses.replace(summary, verdicts=table))
    assert "estimates by mle order" in found.text
    assert "bayes (0.0" in found.note
    assert "are not clearly different" in found.note


def test_one_true_value_still_has_an_answer_on_participants(tmp_path):
    folder = summaries.write_run(
        tmp_path, truth={"alpha": [0.5], "beta": [5]}, methods=("mle",), trials=(50,), replicates=8
    )
    summary = load_summary(folder / "summary")
    assert answer(summary).verdict != "not asked"
    group = answer(summary, "alpha of the group")
    assert group.verdict == "not asked"
    assert group.text.startswith("the study has one true value")


def test_equal_participants_are_not_asked_about(tmp_path):
    folder = summaries.write_run(
        tmp_path, participants=(1,), methods=("mle",), trials=(50,), replicates=8
    )
    found = answer(load_summary(folder / "summary"))
    assert (found.verdict, found.word) == ("not asked", "not asked")
    assert "do not differ" in found.text


def test_limits_of_the_config_change_the_answer(summary):
    strict = Limits(rank_correlation=[1.0, 0.999])
    assert answer(rejudged(summary, strict), limits=strict).verdict == "no"


def test_tasks_are_answered_apart(tmp_path):
    runs = {
        task: summaries.experiment(methods=("mle", "bayes"), trials=(50,), replicates=4)
        for task in ("still", "reversals")
    }
    summary = load_summary(summaries.write_variants(tmp_path, runs) / "summary")
    found = {a.question: a.text for a in answers(summary, Limits())}
    assert len(found) == 8
    for task, other in (("still", "reversals"), ("reversals", "still")):
        text = found[f"alpha of individual participants, {task}"]
        assert f", {task} order" in text
        assert other not in text


def test_methods_that_compete_and_others_have_one_answer(summary):
    # Only the labels of methods that do not compete name the generating model.
    labels = {"mle": "", "bayes": "from rw", "hierarchical": "from rw"}
    tables = {
        name: table.assign(model="rw", variant=table["method"].astype("object").map(labels))
        for name in ("recovery", "verdicts")
        for table in [getattr(summary, name)]
    }
    found = answers(dataclasses.replace(summary, **tables), Limits())
    assert [a.question for a in found] == [a.question for a in answers(summary, Limits())]


def test_questions_name_the_generating_model_once(tmp_path):
    runs = {
        f"from {model}, {task}": summaries.experiment(
            methods=("mle",), trials=(50,), replicates=4, truth={"alpha": [0.3], "beta": [5.0]}
        )
        for model in ("rw", "ck")
        for task in ("still", "reversals")
    }
    summary = load_summary(summaries.write_variants(tmp_path, runs) / "summary")
    model = [label.split(",")[0].removeprefix("from ") for label in summary.recovery["variant"]]
    summary = dataclasses.replace(summary, recovery=summary.recovery.assign(model=model))
    questions = {a.question for a in answers(summary, Limits())}
    assert "alpha of the group, data generated by rw, reversals" in questions
    assert len(questions) == 16
