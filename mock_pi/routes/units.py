"""The UnitClass and Unit controllers."""

from __future__ import annotations

from mock_pi.af.directory import unit_classes_of, units_of
from mock_pi.af.placed import PlacedUnit, PlacedUnitClass
from mock_pi.call import Answer, Call
from mock_pi.routes.afobjects import Json, link, placed_link
from mock_pi.routes.afthings import basics, required
from mock_pi.routes.lists import whole
from mock_pi.routes.table import route


def unit_class_object(call: Call, one: PlacedUnitClass) -> Json:
    """A class of units."""
    content = basics(call, one, one.declared.description)
    own = placed_link(call, one)
    canonical = units_of(one)[0]
    links = {
        "Self": own, "CanonicalUnit": placed_link(call, canonical), "Units": f"{own}/units",
        "AssetServer": link(call, one.server),
    }  # fmt: skip
    units = {"CanonicalUnitName": canonical.name, "CanonicalUnitAbbreviation": canonical.declared.abbreviation}
    return {**content, **units, "Links": links}


def unit_object(call: Call, one: PlacedUnit) -> Json:
    """A unit; the reference unit is the canonical one of its class."""
    unit, reference = one.declared, units_of(one.home)[0]
    content = basics(call, one, unit.description)
    return {
        **{name: content[name] for name in ("WebId", "Id", "Name")}, "Abbreviation": unit.abbreviation,
        "Description": unit.description, "Path": one.path, "Factor": unit.factor, "Offset": unit.offset,
        "ReferenceFactor": unit.factor, "ReferenceOffset": unit.offset,
        "ReferenceUnitAbbreviation": reference.declared.abbreviation,
        "Links": {"Self": placed_link(call, one), "Class": placed_link(call, one.home),
                  "ReferenceUnit": placed_link(call, reference)},
    }  # fmt: skip


def _class(call: Call) -> PlacedUnitClass:
    web_id = call.site.decode(call.captured[0], "UC")
    return call.site.found(call.site.directory.unit_class(web_id), "unit class")


def _classes_at(call: Call) -> list[PlacedUnitClass]:
    server = call.site.directory.server_named(call.site.af_path(required(call, "path")).server)
    return unit_classes_of(call.site.found(server, "asset server"))


def class_by_path(call: Call) -> Answer:
    r"""The class with the path `\\AF\UOMClasses[C]`."""
    wanted = call.text("path").upper()
    found = next((one for one in _classes_at(call) if one.path.upper() == wanted), None)
    return call.json(unit_class_object(call, call.site.found(found, "unit class")))


def class_by_web_id(call: Call) -> Answer:
    """One class."""
    return call.json(unit_class_object(call, _class(call)))


def units(call: Call) -> Answer:
    """The units of a class."""
    return whole(call, [unit_object(call, one) for one in units_of(_class(call))])


def canonical_unit(call: Call) -> Answer:
    """The unit of a class that the others refer to."""
    return call.json(unit_object(call, units_of(_class(call))[0]))


def unit_by_path(call: Call) -> Answer:
    r"""The unit with the path `\\AF\UOMClasses[C]\UOMs[U]`."""
    wanted = call.text("path").upper()
    units = [unit for one in _classes_at(call) for unit in units_of(one)]
    found = next((one for one in units if one.path.upper() == wanted), None)
    return call.json(unit_object(call, call.site.found(found, "unit")))


def unit_by_web_id(call: Call) -> Answer:
    """One unit."""
    web_id = call.site.decode(call.captured[0], "Ut")
    return call.json(unit_object(call, call.site.found(call.site.directory.unit(web_id), "unit")))


ROUTES = [
    route("unitclasses", class_by_path, "path"),
    route("unitclasses/{}", class_by_web_id),
    route("unitclasses/{}/units", units),
    route("unitclasses/{}/canonicalunit", canonical_unit),
    route("units", unit_by_path, "path"),
    route("units/{}", unit_by_web_id),
]
