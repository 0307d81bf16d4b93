"""Predictive checks: a data set compared with the prior and posterior predictions of a method.

- `dataset`: a data set: choices, rewards and blocks of all participants
- `statistics`: summary statistics of behaviour: learning curve, win-stay, lose-shift, side bias
- `draws`: draws of all participants' parameters from prior and posterior
- `predictions`: statistics of the choices that these draws predict, forward and one step ahead
- `check`: the rule ``predict``: the comparison
- `observed_csv`: reads your own data
"""
