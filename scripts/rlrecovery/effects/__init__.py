"""Effects: whether a study finds a difference between groups or conditions, or a correlation.

- `settings`: the sections ``groups``, ``conditions``, ``covariate`` and ``effects`` of the config
- `design`: groups, conditions and effects of a study, its cells, and how rows belong together
- `generator`: all that the data sets of a cell depend on
- `datasets`: simulated data sets: one row per participant and condition
- `analyses`: which analyses a method is used for
- `mean_tests`, `rank_tests`: tests with estimates and intervals
- `two_step`: tests of the participants' estimates
- `fits`: the fits that these tests rest on
- `reliability`: agreement of the estimates of two sessions
- `batch`: the rule ``compare``: simulates, fits and analyses a batch of data sets

The rule ``effects``, which summarises them, is in `rlrecovery.score.effects`.
"""
