"""Commands of ``make`` that are not rules of the workflow.

replicate
    Simulate and fit one data set again and compare it with the results on disk.
report_path
    Print the path of the report of a config.
"""
