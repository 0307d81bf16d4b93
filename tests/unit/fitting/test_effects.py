"""What joint analyses of effects share."""

import numpy as np
import pytest

from rlrecovery.fitting.effects import standardised


def test_a_covariate_has_mean_0_and_sd_1():
    values = standardised(np.array([31.0, 24.0, 65.0, 40.0]))
    assert values.mean() == pytest.approx(0, abs=1e-12)
    assert values.std() == pytest.approx(1)
    assert np.corrcoef(values, [31, 24, 65, 40])[0, 1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("covariate", "sentence"),
    [
        (None, "the data set has no covariate"),
        # Their mean is not 0.1 exactly, so that their SD is not 0.
        (np.full(3, 0.1), "the covariate is the same for all participants"),
        (np.array([1.0, np.nan]), "the covariate of a participant is not a finite number"),
    ],
)
def test_a_covariate_must_be_known_and_differ(covariate, sentence):
    with pytest.raises(ValueError, match=sentence):
        standardised(covariate)
