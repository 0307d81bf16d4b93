"""Functions for notebooks: data, fits and small studies in memory, finished studies as objects.

- `study`: a finished study: tables, estimates, figures
- `picture`: a figure that displays itself
- `own_models`: models that are defined in a notebook
- `errors`: one sentence for a person instead of a traceback of this package
"""
