"""Every public boundary, given anything at all: it answers rightly or refuses by one of our errors.

`targets` says what right is, in terms of a slow, plain reference (`reference`). `test_fuzz` runs a short fixed form at
every test run; `python -m tests.fuzz` runs the coverage-guided fuzzer atheris over the same targets for as long as
wanted, from the seeds in `seeds/` on, and prints executions and coverage.
"""
