"""Commands of `python -m pi_datasource`, a module each, with `add_arguments(parser)` and `run(arguments) -> int`.

The list of them is in `pi_datasource.cli`; `arguments` gives a command the options of the reader, and `terminal` writes
to whatever standard output is.
"""
