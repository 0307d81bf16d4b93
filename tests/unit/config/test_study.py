"""From an experiment to cells, methods and generators; what is added to it changes nothing else."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from settings import BAYES, MLE, MOCK, QUADRATURE, write

from rlrecovery.config.reader import parse
from rlrecovery.config.settings import Source
from rlrecovery.config.study import (
    cells_of,
    competitors,
    expected_hashes,
    fitted_batches,
    generator_of,
    methods_of,
    read_resolved,
    sources,
    specification,
    tasks,
    with_posterior,
)
from rlrecovery.design.cells import batches, by_key, grid
from rlrecovery.design.seeds import seed_sequence
from rlrecovery.fitting.registry import Method
from rlrecovery.models.variants import ModelSpec
from rlrecovery.planning.costs import kind_of
from rlrecovery.storage.files import BrokenFile
from rlrecovery.storage.provenance import SIMULATED
from unit.config.experiments import changed, several, valid

FLAT = {"distribution": "Beta", "alpha": 1.0, "beta": 1.0}
MOCK_OF_DECIDED = {"mock": {"estimator": "mock", "model": "decided"}}
KEY = re.compile(r"[A-Za-z0-9_.-]+")

#: A study with everything that there is, and one without any of it.
STUDY, PLAIN = parse(several()), parse(valid())
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
        assert cells == by_key(grid(PLAIN.truth, PLAIN.participants, PLAIN.trials))
        first = next(iter(cells.values()))
        truth = {"alpha": 0.2, "beta": 2.0}
        assert first.values() == {"truth": truth, "participants": 10, "trials": 50}
        identity = generator_of(PLAIN, first).identity(first)
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
        assert order("task") == list(STUDY.tasks)
        assert order("missing") == [0.0, 0.1]
        assert order("completed") == [(1.0,), (0.6, 0.8, 1.0)]

    def test_the_workflow_takes_all_keys(self):
        assert all(KEY.fullmatch(key) for key in STUDY_CELLS)
        assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in methods_of(STUDY))

    def test_one_level_of_a_new_factor_alone(self):
        assert next(iter(cells_of(parse(changed({"missing": [0.25], "completed": [[0.5]]}))))) == (
            "alpha-0.2_beta-2.0_n-10_t-50_missing-0.25_completed-0.5"
        )
        alone = changed({"tasks": {"easy": valid()["task"]}})
        del alone["task"]
        assert next(iter(cells_of(parse(alone)))) == "task-easy_alpha-0.2_beta-2.0_n-10_t-50"

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
        before, after = parse(raw), parse(raw | {key: level})
        assert_kept(before, after)

    def test_a_new_task_changes_nothing_of_the_others(self):
        raw = several()
        raw["tasks"] = {"another": valid()["task"]} | raw["tasks"]
        assert_kept(STUDY, parse(raw))

    def test_a_new_model_changes_nothing_of_the_others(self):
        raw = several()
        raw["models"]["simulate"] = {
            "choice_kernel": {"population": {"alpha_choice": FLAT, "beta_choice": FLAT}}
        } | raw["models"]["simulate"]
        assert_kept(STUDY, parse(raw))

    def test_a_model_that_is_only_fitted_changes_no_cell(self):
        raw = several()
        raw["models"]["fit"].append("random_responding")
        raw["methods"]["mle"]["bounds"]["side_bias"] = [0, 1]
        after = parse(raw)
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
        after = parse(named)
        pairs = zip(cells_of(PLAIN).values(), cells_of(after).values(), strict=True)
        for old, new in pairs:
            assert old.key != new.key
            identity = generator_of(after, new).identity(new)
            assert generator_of(PLAIN, old).identity(old) == identity


def assert_kept(before, after) -> None:
    """All cells of a study are there in another with the same keys, values and generators."""
    cells, others = cells_of(before), cells_of(after)
    assert cells.items() <= others.items()
    for key, c in cells.items():
        assert others[key].values() == c.values()
        assert generator_of(after, others[key]) == generator_of(before, c)


class TestGenerators:
    def test_one_source_and_one_task_have_no_names(self):
        model = ModelSpec.of("rescorla_wagner")
        source = Source(truth=PLAIN.truth, population=PLAIN.population)
        assert sources(PLAIN) == {"": (model, source)}
        assert tasks(PLAIN) == {"": PLAIN.task}

    def test_several_have_names(self):
        assert list(sources(STUDY)) == ["rescorla_wagner", "decided"]
        model, source = sources(STUDY)["decided"]
        assert model == specification(STUDY, "decided")
        assert source.plain() == {"truth": {}, "population": {"alpha": FLAT}}
        assert tasks(STUDY) == STUDY.tasks

    def test_every_cell_has_its_own_model_task_and_population(self):
        for c in STUDY_CELLS.values():
            generator = generator_of(STUDY, c)
            assert generator.seed == STUDY.seed
            assert generator.task == STUDY.tasks[c.task]
            assert generator.population == STUDY.models.simulate[c.model].population
            assert generator.model.name == c.model
            assert set(generator.population) == set(generator.model.model().names)

    def test_a_variant_is_specified_in_full(self):
        assert specification(STUDY, "rescorla_wagner").plain() == "rescorla_wagner"
        assert specification(PLAIN, "rescorla_wagner").plain() == "rescorla_wagner"
        assert specification(STUDY, "decided").plain() == {
            "name": "decided",
            "model": "rescorla_wagner",
            "fixed": {"beta": 5.0},
            "lapse": False,
            "start_value": "task",
        }
        assert specification(STUDY, "decided").model().names == ("alpha",)
        one = parse(changed({"variants": several()["variants"], "methods": MOCK_OF_DECIDED}))
        assert methods_of(one)["mock"].model == specification(STUDY, "decided")


class TestMethods:
    def test_methods_with_a_model_stay_as_they_are(self):
        plain = PLAIN.resolved()["methods"]
        assert {name: method.plain() for name, method in methods_of(PLAIN).items()} == plain

    def test_a_method_without_a_model_becomes_one_per_model(self):
        assert list(methods_of(STUDY)) == [
            *("mle_rescorla_wagner", "mle_lapsing", "mle_decided"),
            *("bayes_rescorla_wagner", "bayes_lapsing", "bayes_decided"),
            *("hierarchical", "exact"),
            *("mock_rescorla_wagner", "mock_lapsing", "mock_decided"),
        ]

    def test_it_knows_its_contest_and_what_it_fits(self):
        for name, method in methods_of(STUDY).items():
            if name in STUDY.methods:
                assert (method.contest, method.fitted) == ("", "")
            else:
                assert name == f"{method.contest}_{method.fitted}"
                assert method.model == specification(STUDY, method.fitted)
                assert method.estimator == STUDY.methods[method.contest].estimator

    def test_it_has_bounds_and_priors_of_its_own_parameters_alone(self):
        methods = methods_of(STUDY)
        assert list(methods["mle_decided"].settings.bounds) == ["alpha"]
        all_four = ["alpha", "beta", "lapse", "start_value"]
        assert list(methods["mle_lapsing"].settings.bounds) == all_four
        for method in methods.values():
            names = set(method.fitted_model().names)
            whole = STUDY.methods[method.contest or method.name]
            for key in ("bounds", "priors"):
                own = getattr(method.settings, key, None)
                if own is not None:
                    assert own == {name: getattr(whole, key)[name] for name in names}

    def test_all_else_is_that_of_the_method(self):
        own, whole = methods_of(STUDY)["bayes_decided"].settings, STUDY.methods["bayes"]
        assert own.model_copy(update={"priors": whole.priors}) == whole

    def test_plain_values_of_a_method_and_back(self):
        for name, method in methods_of(STUDY).items():
            assert Method.of(json.loads(json.dumps(method.plain())), name) == method

    def test_competitors_are_the_methods_of_a_contest_with_their_models(self):
        pairs = competitors(methods_of(STUDY))
        assert len(pairs) == 9
        assert pairs["mle_lapsing"] == ("mle", "lapsing")
        assert "hierarchical" not in pairs
        assert competitors(methods_of(PLAIN)) == {}


class TestResolved:
    def test_the_resolved_config_is_the_same_study(self, tmp_path):
        path = write(tmp_path, STUDY.resolved())
        assert cells_of(read_resolved(path)) == STUDY_CELLS
        assert methods_of(read_resolved(path)) == methods_of(STUDY)

    @pytest.mark.parametrize("content", [None, "run: [", "run: x"])
    def test_a_broken_one_names_the_file(self, tmp_path, content):
        path = tmp_path / "config.yaml"
        if content:
            path.write_text(content)
        with pytest.raises(BrokenFile, match=r"config\.yaml"):
            read_resolved(path)


def test_expected_hashes_are_of_every_stage_and_cell():
    hashes = expected_hashes(STUDY)
    assert list(hashes) == [SIMULATED, *methods_of(STUDY)]
    assert all(list(by_cell) == list(STUDY_CELLS) for by_cell in hashes.values())
    other = expected_hashes(parse(several() | {"seed": 2}))
    assert not set(hashes["exact"].values()) & set(other["exact"].values())
    digests = [digest for by_cell in hashes.values() for digest in by_cell.values()]
    assert len(set(digests)) == len(digests)


def test_a_method_of_fewer_replicates_estimates_what_it_would_of_all():
    """Its plain values and hashes do not depend on their number, and neither does its cost."""
    raw = several() | {"replicates": 10, "batch_size": 4}
    fewer = several() | {"replicates": 10, "batch_size": 4}
    for name in ("mle", "exact"):
        fewer["methods"][name] |= {"replicates": 6}
    experiment, all_of_them = parse(fewer), parse(raw)
    methods = methods_of(experiment)
    assert {name for name, m in methods.items() if m.replicates_of(10) == 6} == {
        "mle_rescorla_wagner", "mle_lapsing", "mle_decided", "exact",
    }  # fmt: skip
    assert {m.replicates_of(10) for m in methods.values()} == {6, 10}
    assert methods["exact"].replicates_of(3) == 3
    assert expected_hashes(experiment) == expected_hashes(all_of_them)
    for name, method in methods_of(all_of_them).items():
        assert methods[name].plain() == method.plain()
        assert kind_of(methods[name]) == kind_of(method)
    ranges = fitted_batches(experiment)
    assert list(ranges) == list(methods)
    assert ranges["exact"] == {"00000-00003": (0, 4), "00004-00007": (4, 6)}
    assert ranges["hierarchical"] == batches(10, 4)


def test_the_posterior_that_is_shown_is_of_the_generating_model_and_unpooled():
    model = ModelSpec.of("rescorla_wagner")
    lapsing = ModelSpec.of({"name": "lapsing", "model": "rescorla_wagner", "lapse": True})
    kinds = ("sampled", "exact")

    def method(name, plain):
        return Method.of(plain | {"name": name, "model": "rescorla_wagner"})

    exact = {name: QUADRATURE[name] for name in ("estimator", "engine", "point")}
    bayes = BAYES | {"convergence": {"rhat": 1.1, "ess_bulk": 1, "ess_tail": 1, "divergences": 0}}
    plain = {
        "mle": MLE,
        "mock": MOCK,
        "exact": exact,
        "whole": bayes | {"pooling": "complete"},
        "hierarchical": bayes | {"pooling": "partial"},
        "alone": bayes | {"pooling": "none"},
        "alone too": bayes | {"pooling": "none"},
    }
    methods = {name: method(name, settings) for name, settings in plain.items()}
    contest = dataclasses.replace(
        methods["exact"], model=lapsing, contest="contest", fitted="lapsing"
    )
    methods["contest_lapsing"] = contest
    for name in ("alone", "alone too", "hierarchical", "whole", "exact"):
        sampled = None if name == "exact" else name
        assert with_posterior(methods, model, kinds) == name
        assert with_posterior(methods, model, ("sampled",)) == sampled
        del methods[name]
    # One of another model is better than none.
    assert with_posterior(methods, model, kinds) == "contest_lapsing"
    methods["alone"] = method("alone", plain["alone"])
    assert with_posterior(methods, lapsing, kinds) == "contest_lapsing"
    assert with_posterior(methods, ModelSpec.of("kalman_filter"), kinds) == "alone"
    without = {name: methods[name] for name in ("mle", "mock")}
    assert with_posterior(without, model, kinds) is None
    assert with_posterior({}, model, kinds) is None
