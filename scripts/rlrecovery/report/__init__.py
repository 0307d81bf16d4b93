"""Report of a study: an HTML page, and tables in LaTeX and HTML.

Measures are computed in `rlrecovery.score`; this room formats and compares them.

``html``              the report: reads the files of a run and fills the template
``limits``            thresholds used by the report
``lines``             rows of the summary used by one row of a report table
``rmse_comparison``   RMSE over all true values, and comparisons of RMSEs
``significance``      tests of bias and coverage
``answers``           the answers at the top: whether, where and by what a parameter is recovered
``advice``            effect of more data or another method on the RMSE
``traffic_lights``    the verdicts on every method, with their reasons
``parameter_tables``  table and sentences for each parameter
``cell_tables``       tables of all cells and of flagged rows
``model_comparison``  best-fitting models as tables and sentences
``explorer``, ``explorer_data``  interactive map of the cells: its charts and their data
``methods_text``, ``task_text``  description of the methods and of a task
``methods_paper``     methods section of a paper; its paragraphs: ``data_text``, ``model_text``,
                      ``estimation_text``, ``measures_text``; its markup: ``markup``
``calibration_text``  calibration over the prior, in sentences
``effects_text``      whether effects of groups, conditions and a covariate would be found; with
                      ``effect_results``, ``effects_mixed``, ``effects_words``,
                      ``reliability_text``, for a paper ``effects_methods`` and ``effects_sheet``
``sampler_text``      sampled compared with exact posteriors
``captions``          captions of the figures
``completeness``      missing or mismatched inputs of a report
``sheets``, ``latex`` tables for a paper: content and typesetting
``example``           data of the example participant and posterior for two figures
``numbers``           formatting of numbers
``templating``        Jinja environment and HTML helpers
"""
