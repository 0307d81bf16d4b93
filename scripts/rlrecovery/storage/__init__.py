"""Files of a study: what their tables hold, how they are written, and what made them.

files
    Atomic reading and writing of tables, text, JSON and YAML.
schemas
    Columns of all tables.
fingerprint
    Hashes of the source code and of the settings that a result depends on.
provenance
    Record of a run; what made its files, and which of them are finished.
job
    Wrapper of a job: log file, signals, readable errors.
"""
