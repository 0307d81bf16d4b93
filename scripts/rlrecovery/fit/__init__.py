"""Estimators: data sets in, rows of estimates out.

base         the estimator contract: settings, targets, fitters, rows
registry     the estimators, and methods (an estimator with its model and settings)
mle          maximum likelihood
bayes        the posterior by NUTS (PyMC, nutpie)
quadrature   the exact posterior of one participant
mock         a stand-in that ignores the data
batch        the rule ``fit``
checkpoint   finished data sets of a batch that was interrupted
"""
