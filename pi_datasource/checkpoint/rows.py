"""Rows of each micro-batch, as the Delta table notes them; Spark's checkpoint does not hold them.

Each commit of a stream into Delta says which query and which batch (`epochId`) it was and how many rows it wrote. A
MERGE says neither, so for `merge_changes` there is nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pi_datasource.checkpoint.files import Files, files_at

__all__ = ["rows_of_batches"]

#: Commits looked at, newest first.
MOST_COMMITS = 1_000


def rows_of_batches(table: str, query_id: str, files: Files | None = None) -> dict[int, int]:
    """Batch → rows written.

    Args:
        table: path of the Delta table.
        query_id: Spark's id of the query.
        files: reads it.
    """
    found: dict[int, int] = {}
    for info in _commits(files_at(table) if files is None else files):
        parameters = info.get("operationParameters", {})
        if info.get("operation") == "STREAMING UPDATE" and parameters.get("queryId") == query_id:
            rows = int(info.get("operationMetrics", {}).get("numOutputRows", 0))
            found[int(parameters["epochId"])] = rows
    return found


def _commits(files: Files) -> Iterator[dict[str, Any]]:
    names = sorted(name for name in files.names("_delta_log") if name.endswith(".json") and name[:-5].isdigit())
    for name in names[-MOST_COMMITS:]:
        for line in files.read(f"_delta_log/{name}").splitlines():
            action = json.loads(line)
            if "commitInfo" in action:
                yield action["commitInfo"]
