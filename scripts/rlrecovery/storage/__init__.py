"""Files of a study: columns of tables, atomic writing, and provenance.

files        atomic reading and writing of tables, text, JSON and YAML
regular      whether a path can be read to an end
digest       digests of files, by which changes are found
expected     keys of rows compared with those that a table must have
schemas      columns of all tables
meanings     what each column means, for the documentation
fingerprint  hashes of the source code and of the settings that a result depends on
caches       folders for compiled code where the home cannot be written to
provenance   code, versions and settings that made the files of a run
job          wrapper of a job: log file, signals, readable errors
"""
