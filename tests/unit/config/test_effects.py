"""Cells with groups, conditions and a covariate."""

import pytest

from rlrecovery.config.effects import (
    analysed_methods,
    design_of,
    effect_batches,
    effect_cells,
    fits_per_data_set,
    rows_fitted,
    sizes_of_effects,
)
from rlrecovery.config.reader import parse
from unit.config.experiments import changed

GROUPS = {"control": {"share": 0.4}, "patient": {"share": 0.6, "shift": {"alpha": [-0.4, 0.4]}}}
CONDITIONS = {"placebo": {}, "drug": {"shift": {"beta": [0, 0.3]}, "spread": {"beta": 0.2}}}
SECTIONS = {
    "participants": [10],
    "groups": GROUPS,
    "conditions": CONDITIONS,
    "covariate": {"correlation": {"alpha": [0.3]}},
}


def test_effects_are_crossed_with_the_grid_and_0_is_added():
    experiment = parse(changed(SECTIONS | {"truth": {"alpha": [0.3, 0.5], "beta": [3]}}))
    levels = sizes_of_effects(experiment)
    assert [*levels.values()] == [(0.0, -0.4, 0.4), (0.0, 0.3), (0.0, 0.3)]
    cells = effect_cells(experiment)
    assert len(cells) == 2 * len(experiment.trials) * 3 * 2 * 2
    assert sum(cell.is_null for cell in cells.values()) == 2 * len(experiment.trials)
    assert all(key == cell.key(tuple(levels)) for key, cell in cells.items())
    assert next(iter(cells)).endswith("_patient-alpha-0.0_drug-beta-0.0_covariate-alpha-0.0")


def test_the_design_has_groups_conditions_and_effects():
    design = design_of(parse(changed(SECTIONS)))
    assert design.groups == ("control", "patient")
    assert design.group_sizes(10) == [4, 6]
    assert design.spreads == ((1, "beta", 0.2),)
    assert [effect.kind for effect in design.effects] == ["group", "condition", "covariate"]
    assert [effect.index for effect in design.effects] == [1, 1, 0]
    assert type(design).of(design.plain()) == design


def test_a_study_without_the_sections_has_no_cells_with_effects():
    experiment = parse(changed({}))
    assert effect_cells(experiment) == effect_batches(experiment) == {}
    assert analysed_methods(experiment) == {}


def test_a_retest_alone_has_the_cells_of_the_study():
    experiment = parse(changed({"participants": [10], "effects": {}}))
    cells = effect_cells(experiment)
    assert all(cell.is_null and cell.cell.key == key for key, cell in cells.items())
    assert {rows_fitted(experiment, cell, 1) for cell in cells.values()} == {20}
    assert {rows_fitted(experiment, cell, 3) for cell in cells.values()} == {14}


def test_methods_with_fewer_replicates_analyse_fewer_data_sets():
    raw = changed(SECTIONS | {"effects": {"replicates": 10, "batch_size": 4, "retest": False}})
    raw["methods"] = {
        "mle": {"estimator": "mle"},
        "few": {"estimator": "mle", "replicates": 5},
        "pooled": {"estimator": "quadrature", "pooling": "complete"},
        "hierarchical": {"estimator": "quadrature", "pooling": "partial"},
    }
    experiment = parse(raw)
    batches = effect_batches(experiment)
    assert [*batches] == ["mle", "few", "hierarchical"]
    assert [*batches["mle"].values()] == [(0, 4), (4, 8), (8, 10)]
    assert [*batches["few"].values()] == [(0, 4), (4, 5)]
    cell = next(iter(effect_cells(experiment).values()))
    assert rows_fitted(experiment, cell, 1) == 2 * 10  # two conditions, no retest
    methods = analysed_methods(experiment)
    assert fits_per_data_set(experiment, methods["mle"]) == 1
    assert fits_per_data_set(experiment, methods["hierarchical"]) == 2  # no joint one of conditions


def test_a_correlation_takes_the_time_of_several_fits():
    raw = changed({"participants": [10], "groups": GROUPS})
    raw["methods"] = {"hierarchical": {"estimator": "quadrature", "pooling": "partial"}}
    plain, own, correlated = (
        parse(raw | more)
        for more in (
            {},
            {"effects": {"own_spreads": True}},
            {"covariate": {"correlation": {"alpha": [0.3]}}},
        )
    )
    fits = [
        fits_per_data_set(each, analysed_methods(each)["hierarchical"])
        for each in (plain, own, correlated)
    ]
    assert fits == pytest.approx([3, 3.8, 7])
