"""Estimators: fit data sets and return rows of estimates.

base         the estimator contract: settings, fitters, costs
estimates    rows of estimates: what a row is about, and its columns
registry     the estimators, and methods (an estimator with its model and settings)
mle          maximum likelihood
bayes        the posterior by NUTS (PyMC, nutpie)
quadrature   the exact posterior, by summation over a grid
mock         draws from the prior, without using the data
batch        the rule ``fit``
ranks        ranks of values among posterior draws
checkpoint   finished data sets of an interrupted batch
"""
