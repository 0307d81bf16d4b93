"""Reads, checks and documents ``config.yaml``.

- `settings`: the keys, with types and descriptions; `study`: their cells, methods and generators
- `reader`: `load` and `parse`, which return an experiment or raise a `ConfigError`
- `yaml_file`: YAML 1.2 as plain values, with the line of each key
- `number_spelling`, `decimal_commas`, `unlikely`: numbers that mean something else than meant
- `files`: reward schedules, observed choices and a style file named in a config
- `figures`, `limits`: sections that later rooms use; `figure_names`: figures of a study
- `style_file`, `fonts`: Matplotlib style files, and fonts that are installed
- `mistakes`: path and message of a mistake; `messages`: pydantic's errors as mistakes
- `checks`: checks that involve several keys
- `record`: the rule ``design``
- `json_schema`, `manual`, `__main__`: the schema for editors, the manual, the command line
"""
