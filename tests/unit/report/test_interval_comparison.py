"""Methods that differ only in their intervals are compared, others are not."""

import pytest
from settings import study

from rlrecovery import recover
from rlrecovery.config.reader import parse
from rlrecovery.report.interval_comparison import comparable, interval_comparison
from rlrecovery.score.results import load_summary

METHODS = {
    "wald": {"estimator": "mle"},
    "profile": {"estimator": "mle", "interval": "profile"},
    "finer": {"estimator": "mle", "interval": "profile", "grid": 12},
    "exact": {"estimator": "quadrature"},
}


@pytest.fixture(scope="module")
def recovered():
    methods = {name: METHODS[name] for name in ("wald", "profile")}
    return recover(study(replicates=4, trials=[20], methods=methods), progress=False)


def test_methods_that_differ_in_more_are_not_compared():
    experiment = parse(study(methods=METHODS), source="a test")
    assert comparable(experiment) == {"wald": "wald", "profile": "profile"}
    bootstrap = {"estimator": "mle", "interval": "bootstrap", "bootstrap": 50}
    three = parse(study(methods=METHODS | {"bootstrap": bootstrap}), source="a test")
    assert set(comparable(three).values()) == {"wald", "profile", "bootstrap"}
    alone = parse(study(methods={"wald": METHODS["wald"]}), source="a test")
    assert comparable(alone) == {}


def test_the_share_without_an_interval_is_that_of_the_estimates(recovered):
    lines = interval_comparison(load_summary(recovered.folder / "summary"), recovered.config)
    assert {(line.parameter, line.method) for line in lines} == {
        (parameter, method) for parameter in ("alpha", "beta") for method in ("wald", "profile")
    }
    for line in lines:
        own = recovered.estimates(line.method)
        own = own[(own["level"] == "participant") & (own["parameter"] == line.parameter)]
        assert line.rows == len(own)
        assert float(line.missing) == pytest.approx(100 * own["lower_95"].isna().mean(), rel=5e-3)
    assert any(float(line.missing) > 0 for line in lines)
    assert {line.missing for line in lines if line.method == "profile"} == {"0"}
