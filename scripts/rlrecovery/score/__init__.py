"""Measures of how well methods recover the truth, and the summary of a study.

- `jackknife`: statistics of sums over rows, with jackknife standard errors over replicates
- `measures`: bias, empirical SE, RMSE, coverage, ... of arrays, each with its MCSE
- `correlation`: Pearson's, Spearman's and Lin's coefficients with their MCSEs
- `individual`: how well the participants of one population are told apart
- `rows`: joins estimates with their truths and groups them by level and parameter
- `batches`: the files of data and estimates
- `expected`: rows and values that these files must have
- `paired`: methods compared on the same data sets
- `cell`: all measures in one cell; correlations over cells
- `design`: the rule ``score``: all tables of the cells of one design
- `over_truths`: means of measures over all true values
- `criteria`, `standing`, `verdicts`: whether a parameter is recovered, and by which method best
- `model_selection`: best-fitting model of each participant and data set in one cell
- `confusion`: confusion and inversion matrices of a study
- `sampler_pairs`: pairs of methods with the same posterior, one of them exact
- `sampler_check`: sampled compared with exact posteriors
- `prior_width`: prior SDs on the natural scale
- `analyses`: names of analyses of effects, and their measures over all true values
- `study`: the scores of a study, in order and with columns that describe the design
- `competing`: summary tables of competing models
- `summary`: the rule ``summarise``: all summary tables
- `labels`: names of methods and parameters as they are shown
- `series`: names of a method in one part of a study, such as one of several tasks
- `results`: the summary as an object, for figures and report
- `pooling`: means over cells and data sets with their MCSEs
"""
