"""Keys of machine code: the same for the same code, and another for everything else."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np
import pytest
from settings import ROOT

from rlrecovery.likelihood import compiled_key
from rlrecovery.likelihood.compiled_key import code_key, generator_is_unchanged
from rlrecovery.models.base import Learner
from rlrecovery.models.library import BETA, MODELS, RESCORLA_WAGNER, learning_rate
from rlrecovery.models.variants import ModelSpec

RW = Learner(RESCORLA_WAGNER, 2)


def with_logit(logit):
    return Learner(replace(RESCORLA_WAGNER, logit=logit), 2)


def written(source, **names):
    """A learner whose function ``logit`` is the given source, as in a notebook."""
    exec(source, names)
    return with_logit(names["logit"])


def key(learner, kind="value"):
    found = code_key(kind, learner)
    assert found is not None
    return found


class TestTheSame:
    def test_equal_definitions(self):
        source = "def logit(state, p):\n    return p.beta * state['q'] * FACTOR"
        assert key(written(source, FACTOR=2.0)) == key(written(source, FACTOR=2.0))

    def test_comments_and_place_do_not_matter(self):
        one = written("logit = lambda state, p: p.beta * state['q']")
        two = written("\n\n# a comment\nlogit = lambda state, p: (p.beta *\n state['q'])")
        assert key(one) == key(two)

    def test_names_in_a_report_do_not_matter(self):
        renamed = replace(RESCORLA_WAGNER, name="other", title="Other", citation="")
        assert key(Learner(renamed, 2)) == key(RW)

    def test_variants_of_a_config(self):
        one, two = (
            ModelSpec.of({"name": name, "model": "rescorla_wagner", "lapse": True}).model()
            for name in ("careless", "lapsing")
        )
        assert one is not two
        assert key(Learner(one, 2)) == key(Learner(two, 2))

    def test_another_process(self):
        """Where texts have other hashes, and sets another order."""
        script = (
            "from rlrecovery.likelihood.compiled_key import code_key\n"
            "from rlrecovery.models.base import Learner\n"
            "from rlrecovery.models.library import MODELS\n"
            "print([code_key('value', Learner(model, 2)) for model in MODELS.values()])"
        )
        environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "PYTHONHASHSEED": "7"}
        run = [sys.executable, "-c", script]
        printed = subprocess.check_output(run, env=environment, text=True)
        assert printed.strip() == str([key(Learner(model, 2)) for model in MODELS.values()])


class Helpers(ModuleType):
    """A module of a user."""


def module(**names):
    made = Helpers("my_helpers")
    vars(made).update(names)
    return made


FACTOR = "def logit(state, p):\n    return p.beta * state['q'] * {}"


class TestAnother:
    def test_every_model_of_the_library(self):
        keys = {key(Learner(model, 2)) for model in MODELS.values()}
        assert len(keys) == len(MODELS)

    def test_every_kind(self):
        assert len({key(RW, kind) for kind in ("value", "pointwise", "gradient", "logits")}) == 4

    @pytest.mark.parametrize(
        "learner",
        [
            replace(RW, n_arms=3),
            replace(RW, start_value=0.0),
            replace(RW, full_feedback=True),
            replace(RW, neutral=0.0),
            Learner(replace(RESCORLA_WAGNER, lapse=True), 2),
            Learner(replace(RESCORLA_WAGNER, fixed=(("alpha", 0.3),)), 2),
            Learner(replace(RESCORLA_WAGNER, fixed=(("alpha", 0.4),)), 2),
            Learner(
                replace(RESCORLA_WAGNER, parameters=(BETA, learning_rate("alpha", "a", ""))), 2
            ),
            with_logit(lambda state, p: 2 * p.beta * state["q"]),
            Learner(replace(RESCORLA_WAGNER, initial=lambda p: {"q": 0.0}), 2),
            Learner(replace(RESCORLA_WAGNER, update=lambda s, c, r, p: {"q": s["q"]}), 2),
        ],
    )
    def test_every_part_of_a_definition(self, learner):
        assert key(learner) != key(RW)

    @pytest.mark.parametrize(
        ("source", "first", "second"),
        [
            (FACTOR.format("F"), {"F": 2.0}, {"F": 3.0}),
            (FACTOR.format("F"), {"F": 2}, {"F": 2.0}),
            (FACTOR.format("F[0]"), {"F": np.array([1.0])}, {"F": np.array([2.0])}),
            (FACTOR.format("F['a']"), {"F": {"a": 1.0}}, {"F": {"a": 2.0}}),
            (FACTOR.format("f()"), {"f": lambda: 2.0}, {"f": lambda: 3.0}),
            (FACTOR.format("f()"), {"f": lambda x=2.0: x}, {"f": lambda x=3.0: x}),
            (
                FACTOR.format("f()"),
                {"f": functools.partial(max, 2.0, 1.0)},
                {"f": functools.partial(max, 3.0, 1.0)},
            ),
            (FACTOR.format("m.f()"), {"m": module(f=lambda: 2)}, {"m": module(f=lambda: 3)}),
            (FACTOR.format("m.F"), {"m": module(F=2.0)}, {"m": module(F=3.0)}),
            (
                FACTOR.format("(lambda: m.F)()"),
                {"m": module(F=2.0)},
                {"m": module(F=3.0)},
            ),
        ],
        ids=lambda value: value.split("* ")[-1] if isinstance(value, str) else "",
    )
    def test_every_value_that_a_function_uses(self, source, first, second):
        assert key(written(source, **first)) != key(written(source, **second))

    def test_closures(self):
        def scaled(factor):
            return with_logit(lambda state, p: factor * p.beta * state["q"])

        assert key(scaled(2.0)) != key(scaled(3.0))
        assert key(scaled(2.0)) == key(scaled(2.0))

    def test_functions_that_call_each_other(self):
        source = (
            "def up(x):\n    return x if x > 2 else down(x)\n"
            "def down(x):\n    return up(x + {})\n"
            "def logit(state, p):\n    return p.beta * state['q'] * up(0)"
        )
        assert key(written(source.format(1))) != key(written(source.format(2)))

    def test_attributes_of_a_module_that_two_functions_use(self):
        """What the second function takes from a module that the first one used too."""
        source = (
            "first = lambda: m.A\nsecond = lambda: m.B\n"
            "def logit(state, p):\n    return p.beta * state['q'] * first() * second()"
        )
        one, two = (written(source, m=module(A=1.0, B=b)) for b in (1.0, 2.0))
        assert key(one) != key(two)

    @pytest.mark.parametrize(
        "change",
        [
            lambda patch: patch.setenv("NUMBA_OPT", "1"),
            lambda patch: patch.setenv("PYTENSOR_FLAGS", "floatX=float32"),
            lambda patch: patch.setattr(compiled_key.metadata, "version", lambda name: "0"),
            lambda patch: patch.setattr(compiled_key, "machine_name", lambda: "another"),
            lambda patch: patch.setattr(compiled_key, "_GENERATOR", "edited"),
            lambda patch: patch.setattr(compiled_key.sys, "version", "3.99"),
        ],
        ids=["numba", "pytensor", "versions", "machine", "generator", "python"],
    )
    def test_surroundings(self, change, monkeypatch):
        before = key(RW)
        change(monkeypatch)
        assert key(RW) != before

    def test_the_number_of_threads_does_not_matter(self, monkeypatch):
        before = key(RW)
        monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
        assert key(RW) == before


class Callable:
    def __call__(self, state, p):
        return p.beta * state["q"]


@dataclass(frozen=True)
class OwnLearner(Learner):
    pass


class TestUnidentified:
    """Without a key nothing is kept, so an old kernel cannot be used."""

    @pytest.mark.parametrize(
        "learner",
        [
            with_logit(Callable()),
            written(FACTOR.format("F"), F=object()),
            written(FACTOR.format("eval('F')"), F=2.0),
            written(FACTOR.format("globals()['F']"), F=2.0),
            written(FACTOR.format("getattr(m, 'F')"), m=module(F=2.0)),
            written("def logit(state, p):\n    from my_helpers import F\n    return F * p.beta"),
            written(FACTOR.format("f(2.0)"), f=np.frompyfunc(lambda x: x, 1, 1)),
            written(FACTOR.format("f(2.0)"), f=functools.cache(lambda x: x)),
            OwnLearner(RESCORLA_WAGNER, 2),
        ],
    )
    def test_there_is_no_key(self, learner):
        assert code_key("value", learner) is None

    def test_a_variable_without_a_value(self):
        def unfinished():
            logit = lambda state, p: factor * p.beta  # noqa: E731
            yield with_logit(logit)
            factor = 2.0
            yield with_logit(logit)

        learners = unfinished()
        assert code_key("value", next(learners)) is None
        assert code_key("value", next(learners)) is not None


def test_an_edit_of_the_generator_is_noticed(monkeypatch):
    assert generator_is_unchanged()
    monkeypatch.setattr(compiled_key, "_GENERATOR", "before the edit")
    assert not generator_is_unchanged()
