"""Calibration over the prior: whether intervals are right on average over truths from the prior.

- `settings`: the section ``calibration`` of the config
- `generator`: all that the data sets of a method depend on
- `truths`: true parameters drawn from a method's priors, and SDs of these priors
- `datasets`: data sets that are simulated from these truths
- `batch`: the rule ``calibrate``: fits a batch, and compares posteriors with their truths
- `uniformity`: tests and simultaneous bands for uniform values
- `summary`: the rule ``calibration``: the tables of all methods
"""
