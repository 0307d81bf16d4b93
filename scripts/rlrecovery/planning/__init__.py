"""Predicts the jobs, time, memory and disk space of a study.

resources    costs by rule, and the memory and time that jobs request from a cluster
costs        time of jobs, fitted to measured times, and sizes of the files that they write
stages       the jobs of a study by stage, with their costs
calibration  measured times of finished jobs, and of a few jobs run on this machine
size         what a study takes in one sentence, and what no machine has
plan         the command ``make plan``
"""
