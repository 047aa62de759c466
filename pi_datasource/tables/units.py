"""Tables `unit_classes` and `units`: units of measure, and how they convert."""

from __future__ import annotations

from collections.abc import Sequence

from pi_datasource.columns import Column
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import Field
from pi_datasource.resolve.lists import Found, lists_behind
from pi_datasource.resolve.places import ID_ONLY, asset_servers
from pi_datasource.tables.base import Request
from pi_datasource.tables.lists import list_table
from pi_datasource.tables.named import DESCRIPTION, ID, NAME, WEB_ID, path
from pi_datasource.webapi.client import Client

__all__ = ["UNITS", "UNIT_CLASSES"]

_SERVER = Field(Column("asset_server", "string", "AF server."))


def _classes(request: Request, client: Client) -> Sequence[Listing]:
    return [
        Listing(
            f"assetservers/{server.web_id}/unitclasses",
            f"unit classes of {server.name}",
            (ID_ONLY,),
            (("asset_server", server.name),),
            paged=False,
        )
        for server in asset_servers(client, request.options)
    ]


UNIT_CLASSES = list_table(
    "unit_classes",
    "Classes of units: units of one class convert into each other.",
    (
        NAME,
        DESCRIPTION,
        path(r"\\server\UOMClasses[name]"),
        Field(Column("canonical_unit", "string", "Name of the unit that the others refer to."), "CanonicalUnitName"),
        Field(Column("canonical_uom", "string", "Its abbreviation."), "CanonicalUnitAbbreviation"),
        _SERVER,
        ID,
        WEB_ID,
    ),
    _classes,
)


def _units(request: Request, client: Client) -> Sequence[Listing]:
    def units(found: Found) -> list[Listing]:
        place = (("unit_class", found.item.Name), *found.listing.place)
        what = f"units of {found.item.Name} of {dict(found.listing.place)['asset_server']}"
        return [Listing(f"unitclasses/{found.item.WebId}/units", what, (ID_ONLY,), place, paged=False)]

    return lists_behind(client, request.options, _classes(request, client), (NAME,), units)


UNITS = list_table(
    "units",
    "Units of measure: a value times the factor, plus the offset, is one in the reference unit.",
    (
        NAME,
        Field(Column("abbreviation", "string", "Abbreviation."), "Abbreviation"),
        Field(Column("unit_class", "string", "Class of the unit.")),
        DESCRIPTION,
        path(r"\\server\UOMClasses[class]\UOMs[name]"),
        Field(Column("factor", "double", "Factor to the canonical unit of the class."), "Factor"),
        Field(Column("offset", "double", "Offset to the canonical unit."), "Offset"),
        Field(Column("reference_factor", "double", "Factor to the reference unit."), "ReferenceFactor"),
        Field(Column("reference_offset", "double", "Offset to the reference unit."), "ReferenceOffset"),
        Field(Column("reference_uom", "string", "Abbreviation of the reference unit."), "ReferenceUnitAbbreviation"),
        _SERVER,
        ID,
        WEB_ID,
    ),
    _units,
)
