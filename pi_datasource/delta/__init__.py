"""Delta tables that a stream or a batch read fills: made first, added to, merged into, kept in order.

    create.py     the table, with comments, clustered; further columns
    merge.py      micro-batches with windows: late, edited and deleted events
    upsert.py     rows by their key
    optimize.py   OPTIMIZE, VACUUM
    catalog.py    comments, tags, owner and grants in Unity Catalog, by databricks-sdk

All that touches a table is SQL, because that works the same in a classic session and over Spark Connect. A table is a
name in a catalog or the path of a folder.
"""

from __future__ import annotations

from pi_datasource.delta.catalog import CatalogEntry, describe_in_catalog
from pi_datasource.delta.create import add_columns, create_table
from pi_datasource.delta.merge import MergeChanges, merge_changes
from pi_datasource.delta.optimize import Optimized, optimize
from pi_datasource.delta.upsert import upsert

__all__ = [
    "CatalogEntry",
    "MergeChanges",
    "Optimized",
    "add_columns",
    "create_table",
    "describe_in_catalog",
    "merge_changes",
    "optimize",
    "upsert",
]
