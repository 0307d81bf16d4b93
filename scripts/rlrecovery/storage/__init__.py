"""Files of a study: columns of tables, atomic writing, and provenance.

files
    Atomic reading and writing of tables, text, JSON and YAML.
schemas
    Columns of all tables.
fingerprint
    Hashes of the source code and of the settings that a result depends on.
provenance
    Record of a run, and the code, versions and settings that its files were made with.
job
    Wrapper of a job: log file, signals, readable errors.
"""
