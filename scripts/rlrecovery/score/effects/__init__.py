"""Analyses of effects compared with the true effects.

- `measures`: bias, coverage, power, type I, S and M errors of one analysis
- `detectable`: the size of an effect that is found with a given power
- `read`: the files of the rule ``compare``
- `summary`: the rule ``effects``: the tables of a study
"""
