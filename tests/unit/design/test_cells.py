"""Grid to cells, cells to keys, replicates to batches, and everything to seeds."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rlrecovery import config
from rlrecovery.design.cells import (
    POOLINGS,
    POSTERIORS,
    Cell,
    batches,
    cells_of,
    design_table,
    generator_of,
    grid,
    methods_of,
    seed_sequence,
    sources,
    specification,
    tasks,
    variants,
    varying,
    with_posterior,
    wrong_fits,
)
from rlrecovery.models.library import find_model
from rlrecovery.simulate.batch import identity_of
from unit.config.experiments import changed, several, valid

FLAT = {"distribution": "Beta", "alpha": 1.0, "beta": 1.0}
MOCK_OF_DECIDED = {"mock": {"estimator": "mock", "model": "decided"}}
KEY = re.compile(r"[A-Za-z0-9_.-]+")
TRUTH = {"alpha": [0.2, 0.5, 0.8], "beta": [2.0, 5.0]}
numbers = st.floats(min_value=0, max_value=1e6, allow_nan=False).map(abs)


def cell(alpha: float = 0.2, beta: float = 5, participants: int = 10, trials: int = 150) -> Cell:
    return Cell((("alpha", alpha), ("beta", beta)), participants, trials)


class TestKeys:
    def test_format(self):
        assert cell().key == "alpha-0.2_beta-5.0_n-10_t-150"
        assert cell().size_key == "n-10_t-150"
        assert Cell((), 3, 40).key == "n-3_t-40"

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (1e-8, "0.00000001"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.30, "0.3"),
            (1e3, "1000.0"),
            (0, "0.0"),
            (1, "1.0"),
            (1e17, "100000000000000000.0"),
        ],
    )
    def test_numbers_have_no_exponent(self, value, text):
        assert cell(alpha=value).key == f"alpha-{text}_beta-5.0_n-10_t-150"

    @given(numbers, numbers)
    def test_different_values_have_different_keys(self, one, other):
        assert (cell(alpha=one).key == cell(alpha=other).key) == (one == other)
        assert KEY.fullmatch(cell(alpha=one).key)
        assert "e" not in cell(alpha=one).key.removeprefix("alpha").replace("beta", "")

    def test_every_field_is_in_the_key(self):
        others = [
            cell(alpha=0.3),
            cell(beta=4),
            cell(participants=11),
            cell(trials=151),
            Cell((("rate", 0.2), ("beta", 5)), 10, 150),
        ]
        assert len({c.key for c in [cell(), *others]}) == 6

    def test_what_is_as_usual_is_not_in_it(self):
        """Literal keys: those of studies from before there were gaps, tasks and several models."""
        usual = Cell((("alpha", 0.2), ("beta", 5)), 10, 150, 0.0, (1.0,), "", "")
        assert usual == cell()
        assert usual.key == "alpha-0.2_beta-5.0_n-10_t-150"

    def test_all_that_may_be_in_it(self):
        full = dataclasses.replace(
            cell(), missing=0.1, completed=(0.6, 1.0), task="easy", model="rescorla_wagner"
        )
        assert full.key == (
            "model-rescorla_wagner_task-easy_alpha-0.2_beta-5.0_n-10_t-150_missing-0.1_"
            "completed-0.6-1.0"
        )
        assert full.size_key == (
            "model-rescorla_wagner_task-easy_n-10_t-150_missing-0.1_completed-0.6-1.0"
        )

    def test_each_of_the_new_fields_is_in_the_key(self):
        changes = [
            {"missing": 0.1},
            {"missing": 0.2},
            {"completed": (0.5,)},
            {"completed": (0.5, 1.0)},
            {"completed": (1.0, 0.5)},
            {"task": "easy"},
            {"model": "easy"},
        ]
        cells = [cell(), *(dataclasses.replace(cell(), **change) for change in changes)]
        assert len({c.key for c in cells}) == len({c.size_key for c in cells}) == len(cells)

    def test_names_do_not_run_together(self):
        """A name may hold an underscore."""
        one = dataclasses.replace(cell(), model="a_b", task="c")
        other = dataclasses.replace(cell(), model="a", task="b_c")
        assert one.key != other.key
        assert one.size_key != other.size_key

    def test_many_shares_are_a_number_and_a_hash(self):
        shares = tuple(round(0.5 + i / 100, 2) for i in range(30))
        key = Cell((), 30, 100, completed=shares).key
        assert key == "n-30_t-100_completed-30-shares-f3ae44d4920f"
        assert key != Cell((), 30, 100, completed=shares[::-1]).key
        assert KEY.fullmatch(key)


class TestGrid:
    def test_order_and_number(self):
        cells = grid(TRUTH, [5, 10], [50])
        assert list(cells)[:3] == [
            "alpha-0.2_beta-2.0_n-5_t-50",
            "alpha-0.2_beta-2.0_n-10_t-50",
            "alpha-0.2_beta-5.0_n-5_t-50",
        ]
        assert len(cells) == 3 * 2 * 2 * 1
        assert all(key == c.key for key, c in cells.items())
        assert len(set(cells.values())) == len(cells)

    def test_nothing_on_the_grid_but_sizes(self):
        assert list(grid({}, [1, 2], [7])) == ["n-1_t-7", "n-2_t-7"]

    def test_a_new_value_keeps_the_old_cells(self):
        before = grid(TRUTH, [10], [50, 150])
        after = grid(TRUTH | {"alpha": [0.1, *TRUTH["alpha"]]}, [10], [50, 150])
        assert before.items() <= after.items()
        assert len(after) == len(before) + 4

    def test_one_number_written_in_two_ways_is_one_cell(self):
        short = yaml.safe_load("{alpha: [0.5], beta: [5]}")
        long = yaml.safe_load("{alpha: [0.50], beta: [5.0]}")
        assert grid(short, [10], [50]) == grid(long, [10], [50])
        one, other = (next(iter(grid(t, [10], [50]).values())).values() for t in (short, long))
        assert seeds(cell=one) == seeds(cell=other)

    def test_values_round_trip(self):
        for c in grid(TRUTH, [5, 10], [50]).values():
            assert Cell.of(c.values()) == c
            assert Cell.of(c.values()).key == c.key
        assert cell().values() == {
            "truth": {"alpha": 0.2, "beta": 5},
            "participants": 10,
            "trials": 150,
        }


class TestValues:
    @pytest.mark.parametrize(
        ("changes", "more"),
        [
            ({}, {}),
            ({"missing": 0.1}, {"missing": 0.1}),
            ({"completed": (0.6, 1.0)}, {"completed": [0.6, 1.0]}),
            ({"task": "easy"}, {"task": "easy"}),
            ({"model": "mine"}, {"model": "mine"}),
        ],
    )
    def test_they_leave_out_what_is_as_usual(self, changes, more):
        usual = {"truth": {"alpha": 0.2, "beta": 5}, "participants": 10, "trials": 150}
        assert dataclasses.replace(cell(), **changes).values() == usual | more

    def test_they_are_plain_and_go_there_and_back(self):
        for c in STUDY_CELLS.values():
            values = json.loads(json.dumps(c.values()))
            assert values == c.values()
            assert Cell.of(values) == c
            assert Cell.of(values).key == c.key

    def test_whole_numbers_come_back_as_the_same_cell(self):
        values = {"truth": {}, "participants": 3, "trials": 40, "missing": 0, "completed": [1]}
        assert Cell.of(values) == Cell((), 3, 40)
        assert Cell.of(values).key == "n-3_t-40"


def resolved(raw) -> dict:
    return config.parse(raw).resolved()


#: A study with everything that there is, and one without any of it.
STUDY, PLAIN = resolved(several()), resolved(valid())
STUDY_CELLS = cells_of(STUDY)


class TestCells:
    def test_a_study_without_the_new_factors_is_as_it_was(self):
        """Literal keys, values and seeds: a change would make every study run again."""
        cells = cells_of(PLAIN)
        assert list(cells) == [
            f"alpha-{alpha}_beta-{beta}_n-10_t-{trials}"
            for alpha in (0.2, 0.5, 0.8)
            for beta in ("2.0", "5.0")
            for trials in (50, 150)
        ]
        assert cells == grid(PLAIN["truth"], PLAIN["participants"], PLAIN["trials"])
        first = next(iter(cells.values()))
        assert first.values() == {
            "truth": {"alpha": 0.2, "beta": 2.0}, "participants": 10, "trials": 50
        }  # fmt: skip
        identity = identity_of(first.values(), generator_of(PLAIN, first))
        assert identity == {
            "cell": first.values(),
            "model": "rescorla_wagner",
            "task": {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
            "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.0}},
        }
        assert seed_sequence(1, identity, 0, "trials").entropy == [
            1,
            *(1055818439, 3416728361, 934203653, 3300956080),
            *(3895670258, 82596942, 2555846134, 2131070532),
        ]

    def test_everything_is_crossed_and_truths_vary_within(self):
        assert len(STUDY_CELLS) == (4 + 1) * 4 * 2 * 2 * 2
        assert len(set(STUDY_CELLS.values())) == len(STUDY_CELLS)
        assert all(key == c.key for key, c in STUDY_CELLS.items())
        keys = list(STUDY_CELLS)
        assert keys[:3] == [
            "model-rescorla_wagner_task-plain_alpha-0.2_beta-2.0_n-10_t-20",
            "model-rescorla_wagner_task-plain_alpha-0.2_beta-2.0_n-10_t-40",
            "model-rescorla_wagner_task-plain_alpha-0.2_beta-5.0_n-10_t-20",
        ]
        assert keys[8] == (
            "model-rescorla_wagner_task-plain_alpha-0.2_beta-2.0_n-10_t-20_completed-0.6-0.8-1.0"
        )
        assert keys[-1] == (
            "model-decided_task-scheduled_n-10_t-40_missing-0.1_completed-0.6-0.8-1.0"
        )

        def order(factor):
            """Levels in the order in which they come."""
            return list(dict.fromkeys(getattr(c, factor) for c in STUDY_CELLS.values()))

        assert order("model") == ["rescorla_wagner", "decided"]
        assert order("task") == list(STUDY["tasks"])
        assert order("missing") == [0.0, 0.1]
        assert order("completed") == [(1.0,), (0.6, 0.8, 1.0)]

    def test_the_workflow_takes_all_keys(self):
        assert all(KEY.fullmatch(key) for key in STUDY_CELLS)
        assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in methods_of(STUDY))

    def test_one_level_of_a_new_factor_alone(self):
        assert next(iter(cells_of(PLAIN | {"missing": [0.25], "completed": [[0.5]]}))) == (
            "alpha-0.2_beta-2.0_n-10_t-50_missing-0.25_completed-0.5"
        )
        alone = changed({"tasks": {"easy": valid()["task"]}})
        del alone["task"]
        assert next(iter(cells_of(resolved(alone)))) == "task-easy_alpha-0.2_beta-2.0_n-10_t-50"

    @pytest.mark.parametrize(
        ("key", "level"),
        [
            ("missing", [0.3, 0, 0.1]),
            ("completed", [[0.5], [1], [0.6, 0.8, 1]]),
            ("participants", [3, 10]),
            ("trials", [20, 30, 40]),
        ],
    )
    def test_a_new_level_changes_nothing_of_the_others(self, key, level):
        raw = several()
        raw["tasks"]["scheduled"]["schedule"]["values"] *= 2
        before, after = resolved(raw), resolved(raw | {key: level})
        assert_kept(before, after)

    def test_a_new_task_changes_nothing_of_the_others(self):
        raw = several()
        raw["tasks"] = {"another": valid()["task"]} | raw["tasks"]
        assert_kept(STUDY, resolved(raw))

    def test_a_new_model_changes_nothing_of_the_others(self):
        raw = several()
        raw["models"]["simulate"] = {
            "choice_kernel": {"population": {"alpha_choice": FLAT, "beta_choice": FLAT}}
        } | raw["models"]["simulate"]
        assert_kept(STUDY, resolved(raw))

    def test_a_model_that_is_only_fitted_changes_no_cell(self):
        raw = several()
        raw["models"]["fit"].append("random_responding")
        raw["methods"]["mle"]["bounds"]["side_bias"] = [0, 1]
        after = resolved(raw)
        assert_kept(STUDY, after)
        assert list(cells_of(after)) == list(STUDY_CELLS)
        assert methods_of(STUDY).items() <= methods_of(after).items()

    def test_names_change_no_number(self):
        """A study that gives its task a name, or its model, keeps its data."""
        named = changed({"tasks": {"easy": valid()["task"]}})
        named["models"] = {
            "simulate": {"rescorla_wagner": {k: named.pop(k) for k in ("truth", "population")}},
            "fit": ["rescorla_wagner", "choice_kernel"],
        }
        del named["task"], named["model"]
        named["methods"]["guess"] = {"estimator": "mock"}
        after = resolved(named)
        pairs = zip(cells_of(PLAIN).values(), cells_of(after).values(), strict=True)
        for old, new in pairs:
            assert old.key != new.key
            assert identity_of(old.values(), generator_of(PLAIN, old)) == identity_of(
                new.values(), generator_of(after, new)
            )


def assert_kept(before, after) -> None:
    """All cells of a study are there in another with the same keys, values and generators."""
    cells, others = cells_of(before), cells_of(after)
    assert cells.items() <= others.items()
    for key, c in cells.items():
        assert others[key].values() == c.values()
        assert generator_of(after, others[key]) == generator_of(before, c)


class TestGenerators:
    def test_one_source_and_one_task_have_no_names(self):
        assert sources(PLAIN) == {
            "": {key: PLAIN[key] for key in ("model", "truth", "population")}
        }  # fmt: skip
        assert tasks(PLAIN) == {"": PLAIN["task"]}

    def test_several_have_names(self):
        assert list(sources(STUDY)) == ["rescorla_wagner", "decided"]
        assert sources(STUDY)["decided"] == {
            "model": "decided",
            "truth": {},
            "population": {"alpha": FLAT},
        }
        assert tasks(STUDY) == STUDY["tasks"]

    def test_every_cell_has_its_own_model_task_and_population(self):
        for c in STUDY_CELLS.values():
            generator = generator_of(STUDY, c)
            assert set(generator) == {"seed", "model", "task", "population"}
            assert generator["seed"] == STUDY["seed"]
            assert generator["task"] == STUDY["tasks"][c.task]
            assert generator["population"] == STUDY["models"]["simulate"][c.model]["population"]
            model = find_model(generator["model"])
            assert model.name == c.model
            assert set(generator["population"]) == set(model.names)

    def test_a_variant_is_specified_in_full(self):
        assert specification(STUDY, "rescorla_wagner") == "rescorla_wagner"
        assert specification(PLAIN, "rescorla_wagner") == "rescorla_wagner"
        assert specification(STUDY, "decided") == {
            "name": "decided",
            "model": "rescorla_wagner",
            "fixed": {"beta": 5.0},
            "lapse": False,
            "start_value": "task",
        }
        assert find_model(specification(STUDY, "decided")).names == ("alpha",)
        one = resolved(changed({"variants": several()["variants"], "methods": MOCK_OF_DECIDED}))
        assert methods_of(one)["mock"]["model"] == specification(STUDY, "decided")


class TestMethods:
    def test_methods_with_a_model_stay_as_they_are(self):
        assert methods_of(PLAIN) == PLAIN["methods"]

    def test_a_method_without_a_model_becomes_one_per_model(self):
        assert list(methods_of(STUDY)) == [
            *("mle_rescorla_wagner", "mle_lapsing", "mle_decided"),
            *("bayes_rescorla_wagner", "bayes_lapsing", "bayes_decided"),
            *("hierarchical", "exact"),
            *("mock_rescorla_wagner", "mock_lapsing", "mock_decided"),
        ]

    def test_it_knows_its_contest_and_what_it_fits(self):
        for name, method in methods_of(STUDY).items():
            if name in STUDY["methods"]:
                assert not {"contest", "fitted"} & set(method)
            else:
                assert name == f"{method['contest']}_{method['fitted']}"
                assert method["model"] == specification(STUDY, method["fitted"])
                assert method["estimator"] == STUDY["methods"][method["contest"]]["estimator"]

    def test_it_has_bounds_and_priors_of_its_own_parameters_alone(self):
        methods = methods_of(STUDY)
        assert list(methods["mle_decided"]["bounds"]) == ["alpha"]
        assert list(methods["mle_lapsing"]["bounds"]) == ["alpha", "beta", "lapse", "start_value"]
        for method in methods.values():
            names = set(find_model(method["model"]).names)
            for key in {"bounds", "priors"} & set(method):
                assert set(method[key]) == names
                whole = STUDY["methods"].get(method.get("contest"), method)
                assert all(method[key][name] == whole[key][name] for name in names)

    def test_all_else_is_that_of_the_method(self):
        bayes = methods_of(STUDY)["bayes_decided"]
        told = {"model", "priors", "contest", "fitted"}
        assert {key: bayes[key] for key in set(bayes) - told} == {
            key: value for key, value in STUDY["methods"]["bayes"].items() if key != "priors"
        }

    def test_the_config_is_left_alone(self):
        before = json.dumps(STUDY)
        methods_of(STUDY)
        assert json.dumps(STUDY) == before

    def test_fits_of_other_models_than_that_of_the_cell_are_wrong(self):
        methods = methods_of(STUDY)
        decided = next(c for c in STUDY_CELLS.values() if c.model == "decided")
        wrong = [n for n, m in methods.items() if m.get("fitted", "decided") != "decided"]
        assert wrong_fits(methods, decided) == wrong
        assert len(wrong) == 6
        assert wrong_fits(methods_of(PLAIN), next(iter(cells_of(PLAIN).values()))) == []


class TestVariants:
    def test_a_study_of_one_task_has_nothing_to_say(self):
        assert set(variants(cells_of(PLAIN)).values()) == {""}
        assert varying(cells_of(PLAIN)) == []
        alone = cells_of(PLAIN | {"missing": [0.25], "completed": [[0.5]]})
        assert set(variants(alone).values()) == {""}

    def test_all_that_varies_is_said(self):
        said = variants(STUDY_CELLS)
        keys = list(STUDY_CELLS)
        assert varying(STUDY_CELLS) == ["model", "task", "missing", "completed"]
        assert said[keys[0]] == "from rescorla_wagner, plain, none missing, all completed"
        assert said[keys[-1]] == "from decided, scheduled, 10 % missing, 60/80/100 % completed"

    def test_only_what_varies_is_said(self):
        said = variants(cells_of(PLAIN | {"missing": [0.0, 0.07]}))
        assert list(dict.fromkeys(said.values())) == ["none missing", "7 % missing"]

    def test_designs_have_the_same_words_only_if_they_are_the_same(self):
        by_words = {}
        for key, words in variants(STUDY_CELLS).items():
            c = STUDY_CELLS[key]
            by_words.setdefault(words, set()).add((c.model, c.task, c.missing, c.completed))
        assert all(len(designs) == 1 for designs in by_words.values())

    def test_many_shares_are_a_range_where_that_tells_them_apart(self):
        many = [[1.0], [0.5, 0.6, 0.7, 0.8, 0.9]]
        said = variants(cells_of(PLAIN | {"completed": many}))
        assert set(said.values()) == {"all completed", "50 to 90 % completed"}
        said = variants(cells_of(PLAIN | {"completed": [*many, [0.9, 0.8, 0.7, 0.6, 0.5]]}))
        assert set(said.values()) == {
            "all completed",
            "50/60/70/80/90 % completed",
            "90/80/70/60/50 % completed",
        }


class TestBatches:
    @pytest.mark.parametrize(("replicates", "size"), [(1, 1), (20, 20), (20, 7), (3, 50), (200, 1)])
    def test_they_cover_every_replicate_once(self, replicates, size):
        ranges = list(batches(replicates, size).values())
        covered = [r for start, stop in ranges for r in range(start, stop)]
        assert covered == list(range(replicates))
        assert all(stop - start == size for start, stop in ranges[:-1])

    def test_keys(self):
        assert batches(5, 2) == {
            "00000-00001": (0, 2),
            "00002-00003": (2, 4),
            "00004-00004": (4, 5),
        }

    def test_more_replicates_keep_full_batches(self):
        assert batches(40, 20).items() <= batches(100, 20).items()

    def test_keys_sort_as_numbers(self):
        keys = list(batches(30_000, 100))
        assert keys == sorted(keys)


def seeds(root=1, cell=None, replicate=0, purpose="trials", **more) -> tuple[int, ...]:
    identity = {"cell": Cell((("alpha", 0.2),), 3, 4).values() if cell is None else cell, **more}
    return tuple(seed_sequence(root, identity, replicate, purpose).generate_state(4).tolist())


class TestSeeds:
    def test_they_are_reproducible_for_ever(self):
        """Literal numbers: a change of these would change every study that was ever run."""
        identity = {"cell": cell().values(), "model": "rescorla_wagner"}
        identity["cell"]["truth"]["beta"] = 5.0
        assert seed_sequence(20220417, identity, 3, "trials").entropy == [
            20220417,
            *(1757289021, 1707060359, 3185075625, 3314607694),
            *(2296734247, 682490811, 1877610743, 2882634300),
        ]

    def test_each_ingredient_matters(self):
        variants = [
            seeds(),
            seeds(root=2),
            seeds(replicate=1),
            seeds(purpose="population"),
            seeds(cell=cell().values()),
            seeds(cell=cell(participants=11).values()),
            seeds(cell=cell(trials=151).values()),
            seeds(cell=cell(beta=4).values()),
            seeds(model="another"),
        ]
        assert len(set(variants)) == len(variants)

    def test_order_of_keys_does_not_matter(self):
        backwards = dict(reversed(cell().values().items()))
        backwards["truth"] = dict(reversed(backwards["truth"].items()))
        assert seeds(cell=backwards) == seeds(cell=cell().values())

    def test_streams_do_not_overlap(self):
        """No first number twice in many replicates of two purposes."""
        draws = [
            np.random.default_rng(seed_sequence(0, {}, replicate, purpose)).random()
            for replicate in range(500)
            for purpose in ("trials", "population")
        ]
        assert len(set(draws)) == 1000

    def test_what_json_cannot_say_is_refused(self):
        with pytest.raises(ValueError, match="JSON"):
            seed_sequence(0, {"beta": float("inf")}, 0, "trials")


def table_of(cells, replicates):
    return design_table(cells, dict.fromkeys(cells, replicates))


def test_design_table():
    table = table_of(grid(TRUTH, [10], [50, 150]), 20)
    assert list(table.columns) == ["cell", "alpha", "beta", "participants", "trials", "replicates"]
    assert len(table) == 12
    assert table["cell"].is_unique
    row = table.iloc[-1].to_dict()
    assert row == {
        "cell": "alpha-0.8_beta-5.0_n-10_t-150",
        "alpha": 0.8,
        "beta": 5.0,
        "participants": 10,
        "trials": 150,
        "replicates": 20,
    }


def test_the_design_table_has_a_column_for_what_varies():
    table = table_of(STUDY_CELLS, 20)
    assert list(table.columns) == [
        *("cell", "alpha", "beta", "participants", "trials"),
        *("model", "task", "missing", "completed", "replicates"),
    ]
    assert table["cell"].is_unique
    assert len(table) == len(STUDY_CELLS)
    first, last = table.iloc[0].to_dict(), table.iloc[-1].to_dict()
    assert (first["alpha"], first["model"], first["completed"]) == (0.2, "rescorla_wagner", "1")
    assert np.isnan(last["alpha"])
    assert (last["task"], last["missing"], last["completed"]) == ("scheduled", 0.1, "0.6, 0.8, 1")
    gaps = table_of(cells_of(PLAIN | {"missing": [0.0, 0.1]}), 20)
    assert list(gaps.columns)[-3:] == ["trials", "missing", "replicates"]


def test_the_posterior_that_is_looked_at_is_of_the_generating_model_and_unpooled():
    lapse = {"name": "lapsing", "model": "rescorla_wagner", "lapse": True}
    bayes = {"estimator": "bayes", "model": "rescorla_wagner"}
    exact = {"estimator": "quadrature", "model": "rescorla_wagner"}
    methods = {
        "mle": {"estimator": "mle", "model": "rescorla_wagner"},
        "mock": {"estimator": "mock", "model": "rescorla_wagner"},
        "exact": exact,
        "whole": bayes | {"pooling": "complete"},
        "hierarchical": bayes | {"pooling": "partial"},
        "alone": bayes | {"pooling": "none"},
        "alone too": bayes | {"pooling": "none"},
        "contest_lapsing": exact | {"model": lapse, "contest": "contest", "fitted": "lapsing"},
    }
    for name in ("alone", "alone too", "hierarchical", "whole", "exact"):
        sampled = None if name == "exact" else name
        assert with_posterior(methods, "rescorla_wagner", POSTERIORS) == name
        assert with_posterior(methods, "rescorla_wagner", POOLINGS) == sampled
        del methods[name]
    # One of another model is better than nothing.
    assert with_posterior(methods, "rescorla_wagner", POSTERIORS) == "contest_lapsing"
    methods |= {"alone": bayes | {"pooling": "none"}}
    for model in (lapse, "lapsing"):
        assert with_posterior(methods, model, POSTERIORS) == "contest_lapsing"
    assert with_posterior(methods, "kalman_filter", POSTERIORS) == "alone"
    few = {name: methods[name] for name in ("mle", "mock")}
    assert with_posterior(few, "rescorla_wagner", POSTERIORS) is None
    assert with_posterior({}, "rescorla_wagner", POSTERIORS) is None
