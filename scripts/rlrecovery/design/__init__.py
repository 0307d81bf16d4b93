"""The design of a study.

cells   cells, their keys and labels, and batches of replicates
seeds   seeds of random numbers
load    the amount of data that a job handles
"""
