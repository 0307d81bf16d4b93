"""Files of a study: what their tables hold, how they are written, and what made them.

files
    Atomic reading and writing of tables, text, JSON and YAML.
schemas
    Columns of all tables.
fingerprint
    Hash of the source code that a result depends on.
provenance
    Versions, git state and settings behind a file; which files are finished.
job
    Wrapper of a job: log file, signals, readable errors.
"""
