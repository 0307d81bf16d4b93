"""Measures of how well methods recover the truth, and the summary of a study.

- `jackknife`: statistics of sums over rows, with jackknife standard errors over replicates
- `measures`: bias, empirical SE, RMSE, coverage, ... of arrays, each with its MCSE
- `correlation`: Pearson's, Spearman's and Lin's coefficients with their MCSEs
- `rows`: estimates joined with their truths and grouped by level and parameter
- `paired`: methods compared on the same data sets
- `cell`: all measures in one cell (what the rule ``score`` runs), correlations over cells
- `model_selection`: which of several fitted models fits best, in one cell
- `confusion`: confusion and inversion matrices over a study
- `sampler_check`: sampled compared with exact posteriors
- `prior_width`: prior SDs on the natural scale
- `study`: the files of a study from which its summary is made
- `competing`: summary tables of competing models
- `summary`: all summary tables; what the rule ``summarise`` runs
- `series`: names of a method in one part of the design
- `results`: the summary as an object, as figures and report read it
- `pooling`: means over cells and data sets with their MCSEs
"""
