"""Effects: whether a study finds a difference between groups or conditions, or a correlation.

- `settings`: the sections ``groups``, ``conditions``, ``covariate`` and ``effects`` of the config
- `design`: groups, conditions and effects of a study, its cells, and how rows belong together
- `generator`: all that the data sets of a cell depend on
- `datasets`: simulated data sets: one row per participant and condition
"""
