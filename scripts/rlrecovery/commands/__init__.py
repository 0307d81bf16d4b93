"""Commands of ``make`` that are not rules of the workflow, and what a run prints.

check
    Report all mistakes of a config, what it takes, and what is unlikely to be meant.
new
    Write a short config for a task and a model, or for a data set of one's own.
first_config
    The text of such a config.
pilot
    The design of a data set of one's own.
run
    Snakemake, with an interruption that ends in order.
replicate
    Simulate and fit one data set again and compare it with the results on disk.
report_path
    Print the path of Snakemake's own report of a study.
job_lines
    One short line per finished job, in place of Snakemake's messages.
lock
    Who works in a folder, for the message of a second run.
job
    A job as it is printed, and how its process ended.
time_left
    The time left of a run.
end_screen
    The text at the end of a run.
"""
