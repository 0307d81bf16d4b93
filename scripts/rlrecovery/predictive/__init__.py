"""Predictive checks: a data set compared with what a method's prior and posterior predict.

``dataset``
    The data set that is checked: choices, rewards and blocks of all participants.
``statistics``
    Summary statistics of behaviour: learning curve, win-stay, lose-shift, arm frequencies.
``draws``
    Draws of all participants' parameters from prior and posterior.
``predictions``
    Statistics of the choices that these draws predict, forward and one step ahead.
``check``
    The comparison, and the entry point of the rule ``predict``.
``observed_csv``
    Reads a lab's own data.
"""
