"""What Unity Catalog knows of a table: comments, tags, owner, grants. By `databricks-sdk`, from anywhere.

Owner and grants are calls of the catalog's API. Comments and tags have none that reaches all workspaces, so they are
statements, run by a SQL warehouse. A notebook on the platform can give the same statements to `spark.sql`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pi_datasource.delta.sql import literal, quoted
from pi_datasource.errors import PIError, PIOptionError

__all__ = ["CatalogEntry", "describe_in_catalog", "statements"]

#: Seconds that the warehouse may take for one statement before we ask whether it is done.
WAIT = "30s"
#: How often we ask.
ASKED = 20

_NAME = re.compile(r"[^.`\s]+|`[^`]+`")


@dataclass(frozen=True)
class CatalogEntry:
    """What a table shall be known as; what is left out stays as it is.

    Attributes:
        comment: what the table is.
        columns: column → comment.
        tags: tag → value; an empty value for a tag alone.
        column_tags: column → its tags.
        owner: user, group or service principal.
        grants: who → privileges to add, such as `{"analysts": ["SELECT"]}`.
    """

    comment: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    column_tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    owner: str = ""
    grants: Mapping[str, Sequence[str]] = field(default_factory=dict)


def describe_in_catalog(
    table: str, entry: CatalogEntry, *, workspace: Any = None, warehouse_id: str | None = None
) -> int:
    """Brings comments, tags, grants and owner of a table in Unity Catalog to what is asked for.

        describe_in_catalog("main.bronze.pi", CatalogEntry(comment="PI events", tags={"domain": "plant"},
                            grants={"analysts": ["SELECT"]}, owner="data-engineers"), warehouse_id="1234567890abcdef")

    The owner comes last, because who gives a table away may no longer grant anything on it.

    Args:
        table: `catalog.schema.table`.
        entry: what it shall be.
        workspace: a `databricks.sdk.WorkspaceClient`; by default one made from the environment.
        warehouse_id: the SQL warehouse that runs the statements; needed for comments and tags.

    Returns:
        How many statements and calls were made.

    Raises:
        PIOptionError: no name of three parts, or no warehouse where one is needed.
        PIError: a statement failed; other errors are those of databricks-sdk, such as `PermissionDenied`.
    """
    parts = _NAME.findall(table)
    if len(parts) != 3 or ".".join(parts) != table:
        raise PIOptionError(f"table {table!r} is no name in Unity Catalog; accepted is catalog.schema.table")
    plain = ".".join(part.strip("`") for part in parts)
    told = list(statements(table, entry))
    if told and not warehouse_id:
        raise PIOptionError(
            "comments and tags are set by statements, which need warehouse_id (the id of a SQL warehouse)"
        )
    client = workspace or _workspace()
    for statement in told:
        _execute(client, statement, warehouse_id)
    calls = len(told)
    if entry.grants:
        catalog = importlib.import_module("databricks.sdk.service.catalog")
        changes = [
            catalog.PermissionsChange(principal=who, add=[_privilege(catalog, name) for name in names])
            for who, names in entry.grants.items()
        ]
        client.grants.update("TABLE", plain, changes=changes)
        calls += 1
    if entry.owner:
        client.tables.update(plain, owner=entry.owner)
        calls += 1
    return calls


def statements(table: str, entry: CatalogEntry) -> Iterator[str]:
    """The SQL that sets comments and tags, one statement at a time."""
    name = ".".join(quoted(part.strip("`")) for part in _NAME.findall(table))
    if entry.comment:
        yield f"COMMENT ON TABLE {name} IS {literal(entry.comment)}"
    for column, comment in entry.columns.items():
        yield f"ALTER TABLE {name} ALTER COLUMN {quoted(column)} COMMENT {literal(comment)}"
    if entry.tags:
        yield f"ALTER TABLE {name} SET TAGS ({_tags(entry.tags)})"
    for column, tags in entry.column_tags.items():
        yield f"ALTER TABLE {name} ALTER COLUMN {quoted(column)} SET TAGS ({_tags(tags)})"


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{literal(tag)} = {literal(value)}" if value else literal(tag) for tag, value in tags.items())


def _privilege(catalog: Any, name: str) -> Any:
    word = name.strip().upper().replace(" ", "_")
    if word not in catalog.Privilege.__members__:
        raise PIOptionError(f"{name!r} is no privilege of Unity Catalog; accepted are for example SELECT, MODIFY")
    return catalog.Privilege[word]


def _workspace() -> Any:
    try:
        sdk = importlib.import_module("databricks.sdk")
    except ImportError:
        raise PIOptionError(
            'Unity Catalog is reached by databricks-sdk: pip install "pi-datasource[databricks]"'
        ) from None
    return sdk.WorkspaceClient()


def _execute(client: Any, statement: str, warehouse_id: str | None) -> None:
    answer = client.statement_execution.execute_statement(statement, warehouse_id, wait_timeout=WAIT)
    for _ in range(ASKED):
        state = answer.status.state.value
        if state == "SUCCEEDED":
            return
        if state not in ("PENDING", "RUNNING"):
            why = answer.status.error.message if answer.status.error else "no reason given"
            raise PIError(f"Unity Catalog: {state} ({why}): {statement}")
        answer = client.statement_execution.get_statement(answer.statement_id)
    raise PIError(f"Unity Catalog: the warehouse {warehouse_id} does not come to an end with: {statement}")
