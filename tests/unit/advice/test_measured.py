"""The measures that requirements name."""

import json
from pathlib import Path
from types import SimpleNamespace

import effect_tables
import numpy as np
import pytest
import summaries
import yaml

from rlrecovery.advice.measured import by_requirement, measured
from rlrecovery.config.reader import parse
from rlrecovery.score.results import load_summary

STORED = Path(__file__).parents[3] / "docs/studies/models"


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    exp = summaries.experiment(participants=(5, 10), trials=(50, 150), methods=("mle", "bayes"))
    folder = summaries.write_run(tmp_path_factory.mktemp("mock"), exp)
    return exp, load_summary(folder / "summary")


def found(mock, target, **keys):
    exp, summary = mock
    return measured(summary, parse(exp | {"targets": {"t": target}} | keys))


def test_an_rmse_over_truths_is_the_root_of_the_mean_mse(mock):
    entry, other = found(mock, {"measure": "rmse", "parameter": "alpha", "at_most": 0.1})
    assert (entry.method, other.method) == ("mle", "bayes")
    assert list(zip(entry.participants, entry.trials, strict=True)) == [
        (5, 50), (5, 150), (10, 50), (10, 150)
    ]  # fmt: skip
    rows = mock[1].measure("mse", method="mle", parameter="alpha", level="participant")
    squares = rows.groupby(["participants", "trials"])["value"].mean()
    assert entry.value == pytest.approx(np.sqrt(squares))
    assert entry.subject == "RMSE of alpha of participants"


def test_the_worst_true_value_has_a_measure_for_each(mock):
    target = {"measure": "width", "parameter": "alpha", "level": "group", "at_most": 0.1}
    entries = found(mock, target | {"method": "mle", "nominal": 0.8}, over="worst")
    rows = mock[1].measure("width", method="mle", parameter="alpha", level="group", interval=0.8)
    assert len(entries) == len(rows.groupby(["alpha", "beta"])) == 6
    assert sorted(np.concatenate([e.value for e in entries])) == pytest.approx(
        sorted(rows["value"])
    )
    assert "at alpha = 0.2, beta = 2" in entries[0].subject


def test_a_requirement_without_parameter_is_for_all_of_them(mock):
    entries = found(mock, {"measure": "coverage", "at_least": 0.9})
    groups = by_requirement(entries)
    assert list(groups) == [("t", "mle"), ("t", "bayes")]
    subjects = [entry.subject for entry in groups["t", "mle"]]
    assert subjects == [f"coverage of 95 % intervals of {p} of participants" for p in
                        ("alpha", "beta")]  # fmt: skip


def test_a_method_without_the_level_has_no_measure(mock):
    entries = found(mock, {"measure": "rmse", "level": "group", "at_most": 0.1})
    assert {entry.method for entry in entries} == {"mle"}


def test_the_rank_correlation_is_over_all_true_values(mock):
    entry, _ = found(mock, {"measure": "spearman", "parameter": "alpha", "at_least": 0.8})
    rows = mock[1].measure("spearman", scope="grid", method="mle", parameter="alpha")
    rows = rows[rows["level"] == "participant"]
    assert entry.value == pytest.approx(rows["value"])


def test_a_bias_has_its_size(mock):
    target = {"measure": "bias", "parameter": "beta", "method": "mle", "at_most": 0.1}
    (entry,) = found(mock, target)
    rows = mock[1].measure("bias", method="mle", parameter="beta", level="participant")
    sizes = rows["value"].abs().groupby([rows["participants"], rows["trials"]]).mean()
    assert entry.value == pytest.approx(sizes)


def test_parameters_and_methods_are_named_as_in_the_config(tmp_path):
    labels = {"mle": "Maximum likelihood", "alpha": "learning rate"}
    exp = summaries.experiment(participants=(5,), replicates=4, methods=("mle",))
    folder = summaries.write_run(tmp_path, exp)
    (folder / "summary/labels.json").write_text(json.dumps(labels))
    target = {"measure": "rmse", "parameter": "alpha", "method": "mle", "at_most": 0.1}
    (entry,) = found((exp, load_summary(folder / "summary")), target, labels=labels)
    assert (entry.method, entry.name) == ("Maximum likelihood", "mle")
    assert entry.subject == "RMSE of learning rate of participants"


def test_the_share_of_best_fits_is_that_of_the_generating_model():
    raw = yaml.safe_load((STORED / "config.yaml").read_text())
    model = "rescorla_wagner_two_rates"
    targets = {"right": {"measure": "p_best", "model": model, "at_least": 0.6}}
    summary = load_summary(STORED / "summary")
    entries = measured(summary, parse(raw | {"targets": targets}))
    assert [entry.method for entry in entries] == ["mle by AIC", "mle by BIC"]
    table = summary.selection.query("scope == 'design' and unit == 'participant'")
    table = table[(table["simulated"] == model) & (table["fitted"] == model)]
    table = table[table["criterion"] == "AIC"].set_index("design")
    for n, t, value, n_units in zip(
        entries[0].participants, entries[0].trials, entries[0].value, entries[0].n, strict=True
    ):
        row = table.loc[f"n-{n:g}_t-{t:g}"]
        assert (value, n_units) == pytest.approx((row["confusion"], row["n"]))


def power_of(**target):
    """Entries of a requirement for power in a study with a synthetic table of effects."""
    exp = summaries.experiment(participants=(30, 60), trials=(60, 120), methods=("mle", "bayes"))
    groups = {
        "control": {"share": 0.5},
        "patient": {"share": 0.5, "shift": {"alpha": [-0.4, -0.8]}},
    }
    table = effect_tables.effects({"mle": ("t_test",), "bayes": ("t_test", "joint")})
    summary = SimpleNamespace(effects=table, truths=("alpha",))
    targets = {"found": {"measure": "power", "at_least": 0.8} | target}
    return table, measured(summary, parse(exp | {"groups": groups, "targets": targets}))


def test_power_is_answered_for_every_analysis():
    table, entries = power_of()
    assert list(by_requirement(entries)) == [
        ("found", "t test of mle estimates"),
        ("found", "t test of bayes estimates"),
        ("found", "joint model of bayes"),
    ]
    assert [entry.subject for entry in entries[:2]] == [
        "power to find a difference in alpha of -0.4 (patient)",
        "power to find a difference in alpha of -0.8 (patient)",
    ]
    for entry in entries:
        for n, t, value in zip(entry.participants, entry.trials, entry.value, strict=True):
            rows = table[(table["participants"] == n) & (table["trials"] == t)]
            rows = rows[(rows["measure"] == "power") & np.isclose(rows["value"], value)]
            assert entry.name in set(rows["method"])


def test_a_type_1_error_above_nominal_is_known():
    """The synthetic t test of estimates that were fitted by group has an SE that is too small."""
    exp = summaries.experiment(participants=(30, 60), trials=(60, 120), methods=("mle", "bayes"))
    groups = {"control": {"share": 0.5}, "patient": {"share": 0.5, "shift": {"alpha": [-0.8]}}}
    table = effect_tables.effects({"bayes": ("t_test_by_group", "joint")})
    targets = {"found": {"measure": "power", "at_least": 0.8, "size": -0.8}}
    summary = SimpleNamespace(effects=table, truths=("alpha",))
    wrong, right = measured(summary, parse(exp | {"groups": groups, "targets": targets}))
    rows = table[(table["measure"] == "type_1") & (table["analysis"] == "t_test_by_group")]
    assert wrong.type_1 == pytest.approx(rows["value"].mean())
    assert wrong.nominal_type_1 == 0.05
    assert np.isnan(right.type_1)


def test_power_of_one_size_by_one_analysis():
    _, (entry,) = power_of(size=-0.8, analysis="joint", effect="patient", parameter="alpha")
    assert (entry.method, entry.name) == ("joint model of bayes", "bayes")
    assert entry.participants.tolist() == [30, 30, 60, 60]
    _, entries = power_of(method="mle", size=-0.8)
    assert [entry.name for entry in entries] == ["mle"]
