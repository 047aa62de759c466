"""Delta tables that a stream or a batch read fills: made first, and merged into.

All of it is SQL, because that works the same in a classic session and over Spark Connect.
"""

from __future__ import annotations

from pi_datasource.delta.create import create_table
from pi_datasource.delta.merge import MergeChanges, merge_changes

__all__ = ["MergeChanges", "create_table", "merge_changes"]
