"""The experiment that ``config.yaml`` describes: read, checked, and explained key by key.

- `settings`: the keys, with types and descriptions; `study`: cells, methods and generators of them
- `reader`: `load` and `parse`, which return an experiment, or raise a `ConfigError`
- `yaml_file`: YAML 1.2 as plain values, with the line of each key
- `files`: reward schedules and observed choices that a config names
- `mistakes`: path, kind, value and sentence of a mistake; `messages`: pydantic's errors as mistakes
- `checks`: mistakes that several keys make together
- `resolve`: defaults written out
- `json_schema`, `manual`, `cli`: the schema for editors, the manual, the command line
"""
