"""The equations of a paper are the models of the library."""

import re

import numpy as np
import pytest

from rlrecovery.models.base import Learner
from rlrecovery.models.library import MODELS
from rlrecovery.models.variants import ModelSpec
from rlrecovery.report import model_text as written
from rlrecovery.report.markup import cited, references
from rlrecovery.report.model_text import WRITTEN, notation
from rlrecovery.simulation.task import Task

ARMS, START, NEUTRAL = 3, 0.4, 0.6
PARTIAL, FULL = (Task((0.2, 0.8), full_feedback=full) for full in (False, True))
#: LaTeX and Python, in the order of replacement.
PYTHON = (
    (r"\\quad.*", ""),
    (r"\\sum_\{j=1\}\^\{K\} \\exp\(z_\{j,t\}\)", "np.exp(z).sum()"),
    (r"_\{k,t(\+1)?\}|_\{[k1],[t1]\}|_t\b", ""),
    (r"Q_0", "start_value"),
    (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))"),
    (r"\|([^|]*)\|", r"abs(\1)"),
    (r"\\(min|max)", r"np.\1imum"),
    (r"\\exp", "np.exp"),
    (r"\\delta", "delta"),
    (r"\\tilde\{p\}", "lapsing"),
    (r"\\,", "*"),
)


def python_of(latex, parameters):
    """The right side of an equation in Python."""
    text = latex.partition(" &= ")[2]
    for pattern, replacement in PYTHON[:2]:
        text = re.sub(pattern, replacement, text)
    for parameter in sorted(parameters, key=lambda p: -len(p.symbol)):
        symbol = re.escape(parameter.symbol)
        text = re.sub(rf"(?<![\w\\]){symbol}(?![\w^])", f" {parameter.name} ", text)
    for pattern, replacement in PYTHON[2:]:
        text = re.sub(pattern, replacement, text)
    return text.strip()


class Evaluated:
    """The hidden state of a model, by its equations."""

    def __init__(self, entry, lapse, parameters, values):
        self.entry, self.parameters = entry, parameters
        self.choice = [*entry.choice, *[written.LAPSES] * lapse]
        self.scope = {"np": np, "K": ARMS, "start_value": START, "m": NEUTRAL, **values}

    def run(self, lines, subscript):
        """Evaluate the equations of one moment, in their order."""
        before = dict(self.scope)
        for line in lines:
            left = line.partition(" &= ")[0]
            if left.endswith(subscript):
                name = python_of(f" &= {left}", self.parameters)
                scope = before if subscript == "_{k,t+1}" else self.scope
                self.scope[name] = eval(python_of(line, self.parameters), dict(scope))
                self.scope[name] = self.scope[name] + np.zeros(ARMS)

    def start(self):
        """Hidden state before the first trial."""
        self.run([*self.entry.start, *self.choice], "_{k,1}")

    def probabilities(self):
        """Probability of each arm before a choice."""
        self.run([line for line in self.choice if line != written.LAPSES], "_{k,t}")
        if "p_{1,t} &= b" in self.choice:
            self.scope["p"][0] = self.scope["side_bias"]
        self.run([line for line in self.choice if line == written.LAPSES], "_{k,t}")
        return self.scope.get("lapsing", self.scope["p"])

    def learn(self, **trial):
        """Hidden state after a trial."""
        self.scope |= trial
        self.run(self.entry.update, "_{k,t}")
        self.run([*self.entry.update, *self.entry.choice], "_{k,t+1}")


@pytest.mark.parametrize("full_feedback", [False, True])
@pytest.mark.parametrize("lapse", [False, True])
@pytest.mark.parametrize("name", WRITTEN)
def test_the_equations_give_the_probabilities_of_the_model(name, lapse, full_feedback):
    rng = np.random.default_rng(5)
    variant = {"name": "variant", "model": name, "lapse": lapse}
    model = ModelSpec.of(variant).model()
    learner = Learner(model, ARMS, START, full_feedback, NEUTRAL)
    values = {p.name: float(p.to_natural(0.7 * rng.normal())) for p in model.parameters}
    p = learner.bind({key: np.array([value]) for key, value in values.items()})
    equations = Evaluated(WRITTEN[name], lapse, model.parameters, values)
    state = model.initial(p)
    equations.start()
    for _ in range(12):
        odds = learner.choice_logits(state, p, np.zeros(ARMS))
        expected = np.exp(odds - odds.max()) / np.exp(odds - odds.max()).sum()
        np.testing.assert_allclose(equations.probabilities(), expected, rtol=1e-9)
        arm, rewards = rng.integers(ARMS), rng.normal(0.5, 1.0, ARMS)
        chosen = np.eye(ARMS)[arm]
        # Outcomes that are not shown must not matter.
        outcomes = rewards if full_feedback else np.where(chosen, rewards, 77.0)
        reward = rewards if full_feedback else rewards[[arm]]
        equations.learn(
            c=chosen,
            s=np.ones(ARMS) if full_feedback else chosen,
            r=outcomes,
            u=rewards if full_feedback else 2 * NEUTRAL - rewards[arm] + np.zeros(ARMS),
            W=float(rewards[arm] > NEUTRAL),
        )
        state = model.update(state, chosen, reward, p)


def test_every_model_of_the_library_has_equations_with_its_symbols():
    assert set(WRITTEN) == set(MODELS)
    for name, entry in WRITTEN.items():
        lines = " ".join((*entry.start, *entry.update, *entry.choice))
        for parameter in MODELS[name].parameters:
            assert parameter.symbol in lines


@pytest.mark.parametrize("name", WRITTEN)
def test_sources_are_those_of_the_library(name):
    citation = MODELS[name].citation
    keys = cited([WRITTEN[name].source])
    assert sorted(re.findall(r"\((\d{4})\)", citation)) == sorted(key[-4:] for key in keys)
    for key in keys:
        surname = re.search(r"author *= \{([^,]+),", references()[key])[1]
        assert surname.replace(r"{\"a}", "ä") in citation


def test_outcomes_shown_are_those_of_the_chosen_arm_under_partial_feedback():
    model = ModelSpec("rescorla_wagner")
    assert "s_{k,t}" not in written.model_text(model, [PARTIAL])
    assert "s_{k,t}" in written.model_text(model, [PARTIAL, FULL])
    assert not any("s_{k,t}" in symbol for symbol in notation([model], [PARTIAL]))


def test_start_values_that_differ_between_tasks_have_no_number():
    model = ModelSpec("rescorla_wagner")
    tasks = [Task((0.2, 0.8), start_value=value) for value in (0.5, 0.0)]
    assert "$Q_0$ is the start value of the task" in written.model_text(model, tasks)


def test_a_model_without_equations_is_described_by_its_title_and_source(monkeypatch):
    monkeypatch.delitem(WRITTEN, "pearce_hall")
    model = ModelSpec("pearce_hall")
    text = written.model_text(model, [PARTIAL])
    assert "Pearce & Hall (1980)" in text
    assert "$$" not in text
    assert "(`kappa`, " in text
    assert notation([model], [PARTIAL]) == []
