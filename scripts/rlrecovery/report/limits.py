"""Thresholds used by the report; the explanations on the page are generated from them.

All of them are conventions: what is good enough depends on the differences to be detected. The
limits of the verdicts are in the config (`rlrecovery.config.limits`).
"""

from __future__ import annotations

#: Probability of at least one false alarm among the tests of one table row.
FALSE_ALARM = 0.05
#: A model is recovered if the interval of p(it fits its own data best) lies above this value.
MODEL_RECOVERED = 0.5
