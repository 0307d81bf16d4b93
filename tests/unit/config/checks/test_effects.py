"""What groups, conditions, the covariate and their analyses get wrong."""

import pytest

from rlrecovery.config.reader import parse
from unit.config.experiments import changed, mistakes, sentences

CONTROL = {"share": 0.5}


def groups(**shift):
    """Two groups, the second with these differences."""
    return {"control": CONTROL, "patient": {"share": 0.5, "shift": shift}}


def conditions(spread=None, **shift):
    """Two conditions, the second with these differences."""
    return {"placebo": {}, "drug": {"shift": shift} | ({"spread": spread} if spread else {})}


def with_effects(**sections):
    """The valid config with enough participants and these sections."""
    return changed({"participants": [8]} | sections)


@pytest.mark.parametrize(
    "sections",
    [
        {"groups": groups(alpha=[-0.4, 0.4])},
        {"conditions": conditions({"beta": 0.2}, beta=[0, 0.3])},
        {"covariate": {"correlation": {"alpha": [0.3]}}},
        {"effects": {}},
        {
            "groups": groups(alpha=[0.1], beta=[0]),
            "conditions": conditions(alpha=[1]),
            "covariate": {"correlation": {"alpha": [-0.5]}},
            "effects": {"own_spreads": True, "analyses": ["joint"]},
        },
    ],
)
def test_valid_sections_have_no_mistakes(sections):
    resolved = parse(with_effects(**sections)).resolved()
    assert set(sections) <= set(resolved)


@pytest.mark.parametrize(
    ("sections", "path", "sentence"),
    [
        (
            {"groups": {"control": CONTROL, "patient": {"share": 0.4, "shift": {"alpha": [1]}}}},
            "groups",
            "has shares that sum to 0.9, but they must sum to 1",
        ),
        ({"groups": groups(alfa=[1])}, "groups.patient.shift.alfa", "did you mean alpha?"),
        ({"groups": groups()}, "groups", "needs a shift of a parameter in patient"),
        ({"groups": groups(alpha=[1, 1])}, "groups.patient.shift.alpha[1]", "repeats the value 1"),
        ({"groups": groups(alpha=0.1)}, "groups.patient.shift.alpha", "must be a list"),
        ({"groups": groups(alpha=["x"])}, "groups.patient.shift.alpha[0]", "must be a number"),
        ({"groups": {"control": CONTROL}}, "groups", "at least 2"),
        (
            {"groups": groups(alpha=[1]), "participants": [8, 2]},
            "participants[1]",
            "group control has 1 of them; a group needs at least 2 participants",
        ),
        (
            {"conditions": conditions({"alpha": 0.1}, beta=[1])},
            "conditions.drug.spread.alpha",
            "needs a shift of alpha, such as shift: {alpha: [0]}",
        ),
        (
            {"conditions": {"drug": {"shift": {"beta": [1]}}, "placebo": {"shift": {"beta": [1]}}}},
            "conditions.drug.shift",
            "the first condition is the reference",
        ),
        (
            {"conditions": {"a": {"spread": {"beta": 0.1}}, "b": {"shift": {"beta": [1]}}}},
            "conditions.a.spread.beta",
            "the first condition is the reference",
        ),
        (
            {"conditions": conditions({"beta": 1000.0}, beta=[1])},
            "conditions.drug.spread.beta",
            "is 1000.0, with which participants can have infinite values",
        ),
        (
            {"covariate": {"correlation": {"alpha": [1]}}},
            "covariate.correlation.alpha[0]",
            "a correlation must be between -1 and 1",
        ),
        (
            {"covariate": {"correlation": {"alpha": [0.5]}}, "participants": [3]},
            "participants[0]",
            "a correlation needs at least 4",
        ),
        ({"effects": {"methods": ["mel"]}}, "effects.methods[0]", "did you mean mle?"),
        ({"effects": {"analyses": ["t"]}}, "effects.analyses[0]", "must be t_test"),
        ({"effects": {"significance": 0.9}}, "effects.significance", "must be less than 0.5"),
        ({"effects": {"replicates": 1}}, "effects.replicates", "must be at least 2"),
        ({"effects": {"replicate": 5}}, "effects.replicate", "did you mean"),
    ],
)
def test_a_mistake_is_one_sentence(sections, path, sentence):
    found = mistakes(with_effects(**sections))
    assert (path, True) in [(where, sentence in said) for where, said in found]


@pytest.mark.parametrize(("shift", "to"), [(-800.0, 0), (40.0, 1)])
def test_a_shift_that_leaves_the_support_is_told(shift, to):
    raw = with_effects(groups=groups(alpha=[shift]), truth={"alpha": [0.3], "beta": [3]})
    (said,) = sentences(raw)
    assert said == (
        f"groups.patient.shift.alpha[0] is {shift}, which takes alpha from 0.3 to {to}, out of its "
        "support; shifts are on the unconstrained scale"
    )


def test_a_truth_at_the_end_of_its_support_cannot_be_shifted():
    raw = with_effects(groups=groups(alpha=[0.4]), truth={"alpha": [1], "beta": [3]})
    (said,) = sentences(raw)
    assert said == "groups.patient.shift.alpha[0] cannot change alpha = 1, an end of its support"


def test_identical_participants_have_no_correlation():
    raw = with_effects(covariate={"correlation": {"alpha": [0.5]}})
    raw["population"] = raw["population"] | {"alpha": {"spread": 0}}
    (said,) = sentences(raw)
    assert said == ("covariate.correlation.alpha is not possible: population.alpha.spread is 0")


def test_names_of_groups_conditions_and_covariate_differ():
    raw = with_effects(
        groups={"covariate": CONTROL, "drug": {"share": 0.5, "shift": {"alpha": [1]}}},
        conditions=conditions(beta=[1]),
        covariate={"correlation": {"alpha": [0.5]}},
    )
    assert sentences(raw) == [
        "groups.covariate must have another name, because there is a covariate",
        "conditions.drug is the name of a group; choose another name",
    ]


def test_methods_must_estimate_participants():
    raw = with_effects(groups=groups(alpha=[1]))
    pooled = {"estimator": "quadrature", "pooling": "complete"}
    raw["methods"] = {"pooled": pooled}
    (said,) = sentences(raw)
    assert said.startswith("effects need a method that estimates participants")
    raw["methods"] = {"pooled": pooled, "mle": {"estimator": "mle"}}
    raw["effects"] = {"methods": ["pooled"]}
    (said,) = sentences(raw)
    assert "must estimate participants" in said


@pytest.mark.parametrize("analyses", [["joint"], ["t_test_by_group", "joint"]])
def test_a_method_can_be_used_for_one_of_the_analyses(analyses):
    raw = with_effects(groups=groups(alpha=[1]), effects={"analyses": analyses})
    raw["methods"] = {"mle": {"estimator": "mle"}}
    (said,) = sentences(raw)
    assert said == (
        "effects.analyses has none of the analyses that mle can be used for: t_test or rank_test"
    )
    raw["methods"]["all"] = {"estimator": "quadrature", "pooling": "partial"}
    parse(raw)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"analyses": ["joint", "t_test", "joint"]},
            'effects.analyses[2] repeats the value "joint"; values must be unique',
        ),
        (
            {"prior": {"distribution": "HalfNormal", "sigma": 1}},
            "effects.prior allows differences from 0 to inf, but must allow both signs",
        ),
        (
            {"prior": {"distribution": "Uniform", "lower": -2, "upper": -1}},
            "effects.prior allows differences from -2 to -1, but must allow both signs",
        ),
    ],
)
def test_settings_of_analyses_that_give_no_test(settings, sentence):
    assert sentences(with_effects(groups=groups(alpha=[1]), effects=settings)) == [sentence]


def test_without_effects_there_must_be_a_second_session():
    assert sentences(with_effects(effects={"retest": False})) == [
        "effects.retest is false, and without groups, conditions and a covariate there is nothing "
        "else"
    ]


def test_names_of_files_are_not_too_long():
    word = "a" * 40
    many = {f"{word[:-1]}{i}": {"share": 0.2, "shift": {"alpha": [0.1]}} for i in "bcde"}
    raw = with_effects(groups={"control": {"share": 0.2}} | many, participants=[20])
    (said,) = sentences(raw)
    assert said.startswith("groups gives cell names of up to ")


def test_a_study_of_several_models_has_no_effects():
    raw = with_effects(groups=groups(alpha=[1]))
    source = {key: raw.pop(key) for key in ("truth", "population")}
    name = raw.pop("model")
    raw["models"] = {"simulate": {name: source}, "fit": [name, "win_stay_lose_shift"]}
    assert "groups is not allowed in a study with models; name one model" in sentences(raw)
