"""Predicts what a study takes: jobs, time, memory and disk.

resources
    The table of costs by rule, and the memory and time that jobs ask a cluster for.
costs
    Time of jobs, fitted to jobs that were run, and bytes of the files that they write.
stages
    The jobs of a study, stage by stage, with what each stage takes.
calibration
    Measures the speed of this machine with a few jobs.
text
    A plan as text.
plan
    The command ``make plan``.
"""
