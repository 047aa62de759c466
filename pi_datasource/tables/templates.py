"""Tables of templates, of elements and of event frames, and of what they say about attributes.

PI lists a template's own attribute templates without those of its base templates; and those of the bases together with
its own. So both lists are read, and of the second all but its own are taken. Nested ones stand behind the one above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pi_datasource.columns import Column
from pi_datasource.options import PIOptions
from pi_datasource.read.listing import Expand, Listing
from pi_datasource.read.objects import Field, as_text
from pi_datasource.resolve.lists import Found, lists_behind, of_databases
from pi_datasource.resolve.places import ID_ONLY
from pi_datasource.tables.analyses import EVERY_NAME
from pi_datasource.tables.base import Request, Table
from pi_datasource.tables.hierarchy import PLACE
from pi_datasource.tables.lists import list_table
from pi_datasource.tables.named import CATEGORIES, DESCRIPTION, ID, NAME, WEB_ID, from_path, or_none, path
from pi_datasource.webapi.client import Client

__all__ = [
    "ATTRIBUTE_TEMPLATES",
    "ELEMENT_TEMPLATES",
    "EVENT_FRAME_TEMPLATES",
    "EVENT_FRAME_TEMPLATE_ATTRIBUTES",
    "attribute_lists",
    "nested",
]

#: Templates of elements and of event frames come in one list.
_INSTANCE_TYPE = Field(
    Column("instance_type", "string", "What is made from it: Element, EventFrame, Transfer, …"), "InstanceType"
)
_BASE = Field(Column("base_template", "string", "Name of the template it derives from."), "BaseTemplate", or_none)
_PATH = path(r"\\server\database\ElementTemplates[name]")
_HAS_CHILDREN = Field(Column("has_children", "boolean", "Attribute templates are below it."), "HasChildren")


def _is_of_frames(template: Any) -> bool:
    return bool(template.InstanceType == "EventFrame")


def _templates(request: Request, client: Client) -> list[Listing]:
    return _templates_of(request.options, client)


def _templates_of(options: PIOptions, client: Client) -> list[Listing]:
    return of_databases(client, options, "elementtemplates", query=EVERY_NAME, counted=True)


def _only(of_frames: bool) -> Expand:
    def expand(listing: Listing, items: list[Any]) -> tuple[list[Any], list[Listing]]:
        return [item for item in items if _is_of_frames(item) == of_frames], []

    return expand


_TEMPLATE_FIELDS = (
    NAME,
    DESCRIPTION,
    _PATH,
    _BASE,
    _INSTANCE_TYPE,
    Field(Column("naming_pattern", "string", "How what is made from it is named."), "NamingPattern", or_none),
    CATEGORIES,
    Field(Column("extended_properties", "string", "ExtendedProperties as JSON."), "ExtendedProperties", as_text, Any),
)

ELEMENT_TEMPLATES = list_table(
    "element_templates",
    "Templates of elements.",
    (
        *_TEMPLATE_FIELDS,
        Field(Column("allow_element_to_extend", "boolean", "Elements may have attributes of their own."),
              "AllowElementToExtend"),
        *PLACE,
        ID,
        WEB_ID,
    ),
    _templates,
    expand=_only(of_frames=False),
    also=(_INSTANCE_TYPE,),
)  # fmt: skip

EVENT_FRAME_TEMPLATES = list_table(
    "event_frame_templates",
    "Templates of event frames.",
    (
        *_TEMPLATE_FIELDS,
        Field(Column("severity", "string", "Severity of frames made from it."), "Severity"),
        Field(Column("can_be_acknowledged", "boolean", "They can be acknowledged."), "CanBeAcknowledged"),
        *PLACE,
        ID,
        WEB_ID,
    ),
    _templates,
    expand=_only(of_frames=True),
    also=(_INSTANCE_TYPE,),
)


def _attribute_lists(of_frames: bool, request: Request, client: Client) -> Sequence[Listing]:
    return attribute_lists(request.options, client, of_frames)


def attribute_lists(options: PIOptions, client: Client, of_frames: bool, name: str | None = None) -> list[Listing]:
    """The lists of attributes of templates, to be read with `expand=nested`.

    Args:
        options: which databases.
        client: who to ask.
        of_frames: of event frames, rather than of elements.
        name: only of the template of this name.
    """

    def behind(found: Found) -> list[Listing]:
        template = found.item
        if _is_of_frames(template) != of_frames or (name is not None and template.Name.lower() != name.lower()):
            return []
        place = (("template", template.Name), ("template_web_id", template.WebId), ("template_path", template.Path))
        own = Listing(
            f"elementtemplates/{template.WebId}/attributetemplates",
            f"attribute templates of {template.Path}",
            (ID_ONLY,),
            (*place, ("is_inherited", False), *found.listing.place),
        )
        if not template.BaseTemplate:
            return [own]
        inherited = replace(
            own,
            what=f"inherited {own.what}",
            query=(ID_ONLY, ("showInherited", "true")),
            place=(*place, ("is_inherited", True), *found.listing.place),
        )
        return [own, inherited]

    fields = (NAME, _PATH, _INSTANCE_TYPE, _BASE)
    return lists_behind(client, options, _templates_of(options, client), fields, behind)


def nested(listing: Listing, items: list[Any]) -> tuple[list[Any], list[Listing]]:
    """Of the inherited ones those that are not its own; and the lists below all that are taken."""
    place = dict(listing.place)
    if place["is_inherited"]:
        own = f"{place['template_path']}|".lower()
        items = [item for item in items if not (item.Path or "").lower().startswith(own)]
    below = [
        replace(
            listing,
            route=f"attributetemplates/{item.WebId}/attributetemplates",
            what=f"attribute templates of {item.Path}" + (f", for {place['template']}" * place["is_inherited"]),
            query=(ID_ONLY,),
            paged=False,
        )
        for item in items
        if item.HasChildren
    ]
    return items, below


def depth(path: str) -> int:
    """0 right at a template."""
    return path.count("|") - 1


def parent(path: str) -> str | None:
    """Path of the attribute template above; None right at a template."""
    return path.rpartition("|")[0] if depth(path) > 0 else None


_ATTRIBUTE_PATH = path(r"\\server\database\ElementTemplates[template]|name|…")
_ATTRIBUTE_FIELDS = (
    Field(Column("template", "string", "Name of the template.")),
    NAME,
    DESCRIPTION,
    _ATTRIBUTE_PATH,
    Field(Column("parent_attribute", "string", "Path of the one above, when nested."), "Path", parent),
    Field(Column("depth", "int", "0 right at the template."), "Path", depth, str),
    Field(Column("is_inherited", "boolean", "It comes from a base template.")),
    Field(Column("declared_by", "string", "Name of the template that declares it."), "Path",
          partial(from_path, "ElementTemplates")),
    Field(Column("type", "string", "Type of its values."), "Type"),
    Field(Column("type_qualifier", "string", "Name of the enumeration set, where the type is one."), "TypeQualifier",
          or_none),
    Field(Column("units", "string", "Default unit."), "DefaultUnitsName", or_none),
    Field(Column("uom", "string", "Its abbreviation."), "DefaultUnitsNameAbbreviation", or_none),
    Field(Column("default_value", "string", "Value that it begins with, as text."), "DefaultValue", as_text, Any),
    Field(Column("data_reference", "string", "PI Point, Formula, …; null for a static value."), "DataReferencePlugIn",
          or_none),
    Field(Column("config_string", "string", "What the data reference is set to."), "ConfigString", or_none),
    Field(Column("trait", "string", "What it is to the one above, or what it means: LimitHi, Forecast, …"), "TraitName",
          or_none),
    CATEGORIES,
    Field(Column("is_configuration_item", "boolean", "Its value is configuration, without history."),
          "IsConfigurationItem"),
    Field(Column("is_excluded", "boolean", "Left out of elements."), "IsExcluded"),
    Field(Column("is_hidden", "boolean", "Hidden from users."), "IsHidden"),
    Field(Column("is_manual_data_entry", "boolean", "Entered by hand."), "IsManualDataEntry"),
    _HAS_CHILDREN,
    *PLACE,
    ID,
    WEB_ID,
    Field(Column("template_web_id", "string", "Handle of the template.")),
)  # fmt: skip


def _attributes_of(name: str, meaning: str, *, of_frames: bool) -> Table:
    return list_table(
        name,
        meaning,
        _ATTRIBUTE_FIELDS,
        partial(_attribute_lists, of_frames),
        key=("template_web_id", "web_id"),
        expand=nested,
        also=(_ATTRIBUTE_PATH, _HAS_CHILDREN),
    )


ATTRIBUTE_TEMPLATES = _attributes_of(
    "attribute_templates", "Attributes that templates of elements give, nested and inherited ones too.", of_frames=False
)
EVENT_FRAME_TEMPLATE_ATTRIBUTES = _attributes_of(
    "event_frame_template_attributes", "The same of templates of event frames.", of_frames=True
)
