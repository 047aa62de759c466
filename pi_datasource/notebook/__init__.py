"""Small helpers around `spark.read.format("osipi")`, for notebooks and short jobs.

tags.py    tags_from: a list of tags that is kept in a table
since.py   read_since: only what a table does not have yet, tag by tag
wide.py    wide: one row a time, one column a tag, for modelling
costs.py   costs: requests, bytes and seconds that reads took, to be added up

from pi_datasource.notebook import costs, read_since, tags_from, wide
"""

from __future__ import annotations

from pi_datasource.notebook.costs import costs
from pi_datasource.notebook.since import read_since
from pi_datasource.notebook.tags import tags_from
from pi_datasource.notebook.wide import wide

__all__ = ["costs", "read_since", "tags_from", "wide"]
