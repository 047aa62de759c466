"""Columns that every named object has, and how its values become those of columns."""

from __future__ import annotations

from pi_datasource.columns import Column
from pi_datasource.read.objects import Field

__all__ = ["CATEGORIES", "DESCRIPTION", "ID", "NAME", "WEB_ID", "from_path", "or_none", "path"]

NAME = Field(Column("name", "string", "Name."), "Name")
DESCRIPTION = Field(Column("description", "string", "Description."), "Description")
CATEGORIES = Field(Column("categories", "array<string>", "Names of its categories."), "CategoryNames", absent=())
ID = Field(Column("id", "string", "GUID."), "Id")
WEB_ID = Field(Column("web_id", "string", "PI Web API's handle."), "WebId")


def path(form: str) -> Field:
    """The column of the path, which has this form."""
    return Field(Column("path", "string", f"Path: {form}."), "Path")


def or_none(text: str) -> str | None:
    """A name; None for the empty text by which PI says that there is none."""
    return text or None


def from_path(collection: str, path: str) -> str | None:
    r"""`T` of `\\AF\DB\ElementTemplates[T]|A`; None when the path is of another form."""
    _, found, rest = path.partition(f"\\{collection}[")
    return rest.partition("|")[0].rpartition("]")[0] if found else None
