"""The report of a study, from its summary: an HTML page, and tables in LaTeX and HTML.

Text is made from numbers here; no number is computed for the first time or read from a text.

``html``              the report: reads the files of a run and fills the template
``limits``            limits of every judgement
``lines``             rows of the summary behind one line of a table
``rmse_comparison``   RMSE over all true values, the baseline, and which RMSEs clearly differ
``significance``      tests of bias and coverage
``verdicts``          which method and design is best, in a sentence
``traffic_lights``    whether a method recovers a parameter in a design
``advice``            what more data or another method did to the RMSE
``parameter_tables``  table and sentences per parameter
``cell_tables``       tables of every cell and of flagged rows
``model_comparison``  which model fits best, in tables and sentences
``explorer``, ``explorer_data``  the interactive map of the design: its charts and their data
``methods_text``, ``task_text``  what was done, in words
``completeness``      what a report does not rest on
``sheets``, ``latex`` tables for a paper: their content, and how they are typeset
``example``           data of the example participant and posterior that figures show
``numbers``           numbers as text
``templating``        HTML from the files in ``templates/``
"""
