"""Functions for notebooks: data, fits and small studies in memory, finished studies as objects.

- `simulate`: simulated data sets
- `fit`: estimates and posterior draws from a data set
- `recover`: a small study in this process, without Snakemake
- `study`: a finished study: tables, estimates, figures
- `picture`: a figure that displays itself
- `posterior`: posterior draws as an ArviZ DataTree
- `observed`: a data set of one's own, checked
- `short`: short configs, completed and checked
- `own_models`: models that are defined in a notebook
- `errors`: one sentence for a person instead of a traceback of this package
"""
