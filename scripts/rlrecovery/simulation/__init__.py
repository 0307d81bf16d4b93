"""Simulation of behaviour.

task         arms, reward schedules, blocks
changes      reversals and drift of mean rewards
settings     settings of a task
population   true parameters of participants
behaviour    choices and learning, trial by trial
generator    what generates the data of a cell, and its seeds
replicates   data sets, each from random numbers of its own
layout       a data set that exists, simulated again with its trials, blocks and missing responses
batch        the rule ``simulate``
"""
