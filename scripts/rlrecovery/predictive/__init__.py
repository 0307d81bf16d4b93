"""Predictive checks: a data set compared with the prior and posterior predictions of a method.

``dataset``
    A data set: choices, rewards and blocks of all participants.
``statistics``
    Summary statistics of behaviour: learning curve, win-stay, lose-shift, arm frequencies.
``draws``
    Draws of all participants' parameters from prior and posterior.
``predictions``
    Statistics of the choices that these draws predict, simulated forward and one step ahead.
``check``
    The rule ``predict``: the comparison.
``observed_csv``
    Reads your own data.
"""
