"""A job without code: one YAML file says server, login and a list of loads into Delta tables.

python -m pi_datasource init --url https://pi.example.com/piwebapi      writes a file to begin with
python -m pi_datasource run job.yaml --dry-run                          tags, partitions, rows
python -m pi_datasource run job.yaml

settings   the words of the file, declared     document   YAML with lines      schema   for editors
config     file ──► Job of Loads, or all mistakes at once
load       a Load ──► its Target ──► an Outcome; what goes wrong stays in it
backfill   windows, each written once           windows    cutting, progress
hours      when the server may be asked         gate       stands before each piece of work
summary    the table at the end                 ops        the same as a Delta table
ask        questions without Spark              dry_run    the plan
init       the file to begin with               command    the command line
"""

from __future__ import annotations

from pi_datasource.run.command import run_job
from pi_datasource.run.config import Job, Load, parse_job
from pi_datasource.run.summary import Outcome

__all__ = ["Job", "Load", "Outcome", "parse_job", "run_job"]
