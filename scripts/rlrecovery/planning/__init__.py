"""Predicts the jobs, time, memory and disk space of a study.

resources
    Costs by rule, and the memory and time that jobs request from a cluster.
costs
    Time of jobs, fitted to measured times, and sizes of the files that they write.
stages
    The jobs of a study by stage, with their costs.
calibration
    Measured times of finished jobs, and of a few jobs run on this machine.
plan
    The command ``make plan``.
"""
