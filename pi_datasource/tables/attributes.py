"""Table `attributes`: what elements have, nested attributes too, with the tag behind each PI Point reference."""

from __future__ import annotations

from collections.abc import Sequence

from pi_datasource.columns import Column
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import Field
from pi_datasource.resolve.attributes import attribute_lists, below, element_path, nesting
from pi_datasource.tables.base import Request
from pi_datasource.tables.hierarchy import PLACE, last_segment
from pi_datasource.tables.lists import list_table
from pi_datasource.tables.named import CATEGORIES
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.webids import point_ids

__all__ = ["ATTRIBUTES"]


def parent_attribute(path: str) -> str | None:
    """The path of the attribute above; None right at an element."""
    above = path.rpartition("|")[0]
    return above if "|" in above else None


def tag_path(config: str) -> str | None:
    r"""`\\server\tag` of a PI Point reference; None for other references, and where it says no path.

    References can hold ids (`\\server?…\tag?…`) and settings behind a semicolon.
    """
    path = config.partition(";")[0]
    if not path.startswith("\\\\") or "%" in path or "|" in path:
        return None
    parts = [part.partition("?")[0] for part in path[2:].split("\\")]
    return "\\\\" + "\\".join(parts) if len(parts) == 2 and all(parts) else None


def tag_of(config: str) -> str | None:
    """The tag of a PI Point reference; None for other references."""
    path = tag_path(config)
    return None if path is None else path.rpartition("\\")[2]


def point_id(link: str) -> int | None:
    """The number of the point that a link leads to."""
    ids = point_ids(last_segment(link))
    return None if ids is None else ids[1]


_PATH = Field(Column("path", "string", r"Path: \\server\database\element|attribute|…"), "Path")
_HAS_CHILDREN = Field(Column("has_children", "boolean", "Attributes are below it."), "HasChildren")


def _lists(request: Request, client: Client) -> Sequence[Listing]:
    return attribute_lists(client, request.options)


ATTRIBUTES = list_table(
    "attributes",
    "Attributes of AF elements, with the tag behind a PI Point reference.",
    (
        Field(Column("name", "string", "Name."), "Name"),
        _PATH,
        Field(Column("element_path", "string", "Primary path of the element."), "Path", element_path),
        Field(Column("parent_attribute", "string", "Path of the attribute above, when nested."), "Path",
              parent_attribute),
        Field(Column("depth", "int", "0 right at an element."), "Path", nesting, str),
        Field(Column("description", "string", "Description."), "Description"),
        Field(Column("type", "string", "Type of its values."), "Type"),
        Field(Column("type_qualifier", "string", "Name of the enumeration set, where the type is one."),
              "TypeQualifier"),
        Field(Column("units", "string", "Default unit."), "DefaultUnitsName"),
        Field(Column("uom", "string", "Abbreviation of the default unit."), "DefaultUnitsNameAbbreviation"),
        Field(Column("data_reference", "string", "PI Point, Formula, …; empty for a static value."),
              "DataReferencePlugIn"),
        Field(Column("config_string", "string", "What the data reference is set to."), "ConfigString"),
        Field(Column("tag", "string", "Tag behind a PI Point reference, as in `recorded`."), "ConfigString", tag_of),
        Field(Column("tag_path", "string", r"The same as \\server\tag."), "ConfigString", tag_path),
        Field(Column("point_id", "bigint", "Number of that point."), "Links.Point", point_id),
        Field(Column("trait", "string", "What it is to its parent: LimitHi, Forecast, …"), "TraitName"),
        CATEGORIES,
        Field(Column("step", "boolean", "Values hold until the next one."), "Step"),
        Field(Column("span", "double", "Span, where it has one."), "Span"),
        Field(Column("zero", "double", "Zero, where it has one."), "Zero"),
        Field(Column("display_digits", "int", "Digits to show."), "DisplayDigits"),
        Field(Column("is_configuration_item", "boolean", "Its value is configuration, without history."),
              "IsConfigurationItem"),
        Field(Column("is_excluded", "boolean", "Left out of its element."), "IsExcluded"),
        Field(Column("is_hidden", "boolean", "Hidden from users."), "IsHidden"),
        Field(Column("is_manual_data_entry", "boolean", "Entered by hand."), "IsManualDataEntry"),
        _HAS_CHILDREN,
        *PLACE,
        Field(Column("id", "string", "GUID of its declaration."), "Id"),
        Field(Column("web_id", "string", "PI Web API's handle."), "WebId"),
        Field(Column("element_web_id", "string", "Handle of the element."), "Links.Element", last_segment),
    ),
    _lists,
    long=True,
    expand=below,
    also=(_PATH, _HAS_CHILDREN),
)  # fmt: skip
