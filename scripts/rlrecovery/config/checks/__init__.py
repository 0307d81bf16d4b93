"""Checks of keys that only make sense together.

`sections` holds the valid parts of a config, which the checks look at. `tasks` checks the keys of a
task, and its blocks and missing trials against the numbers of trials; `models` checks models,
variants, true values and populations; `methods` checks methods against these; `size` checks
repeated values, numbers of cells and jobs, and the lengths of file names.
"""
