"""Checks that involve several keys.

- `sections`: the valid sections of a config, which the checks read
- `tasks`: rewards, blocks, reversals, drift, schedules and missing trials
- `models`: models, variants, true values and populations
- `targets`: requirements and costs of a design
- `labels`: names that are shown
- `figures`: colours, kinds of files and composed figures
- `methods`: methods against models, true values and populations
- `effects`: groups, conditions, the covariate and their analyses
- `calibration`: methods, task and trials of a calibration over the prior
- `size`: repeated values, numbers of cells and jobs, lengths of file names
"""
