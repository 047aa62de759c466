"""A small plant on the points of the demo system, with one of everything that the Asset Framework has."""

from __future__ import annotations

from collections.abc import Sequence

from mock_pi.af.database import AFServer, Database
from mock_pi.af.enumerations import EnumerationSet
from mock_pi.af.eventframedemo import demo_events
from mock_pi.af.model import Analysis, Attribute, Category, Element, ElementTemplate, Table
from mock_pi.system.point import Point

#: The asset server of the demo.
SERVER = "MOCKAF"

_LIMITS = ("LimitLo", "LimitHi")

#: Point type to attribute type.
_TYPES = {
    "Float16": "Single", "Float32": "Single", "Float64": "Double", "Int16": "Int16", "Int32": "Int32",
    "Digital": "EnumerationValue", "String": "String", "Timestamp": "DateTime", "Blob": "Byte[]",
}  # fmt: skip

#: Units of the demo's points to those of the Asset Framework, where they are spelled differently.
_UNITS = {"degC": "°C", "DEG. C": "°C", "pcs": ""}


def demo_server(points: Sequence[Point], server: str = "MOCKPI") -> AFServer:
    """The demo's asset server: `Plant` follows the points, `Curiosities` holds what is rare or broken, `Events` event
    frames."""
    return AFServer(
        SERVER,
        [_plant(points, server), _curiosities(points, server), demo_events(points, server)],
        description="Demonstration",
    )


def of_point(point: Point, name: str, server: str) -> Attribute:
    """An attribute that shows a point: of its type, with its unit and, where it is a number, a scale and two limits."""
    tag = f"\\\\{server}\\{point.name}"
    kind = _TYPES[point.point_type]
    limits = tuple(
        Attribute(limit, kind, point.zero + point.span * share, trait=limit)
        for limit, share in zip(_LIMITS, (0.1, 0.9), strict=True)
    ) if point.is_numeric else ()  # fmt: skip
    return Attribute.of_point(
        name, tag, kind, units=_UNITS.get(point.engineering_units, point.engineering_units), attributes=limits,
        description=point.descriptor, categories=("Measurement",), enumeration=point.digital_set or "",
        zero=point.zero if point.is_numeric else None, span=point.span if point.is_numeric else None,
    )  # fmt: skip


def _plant(points: Sequence[Point], server: str) -> Database:
    units: dict[str, list[Point]] = {}
    for point in points:
        unit = point.name.partition(".")[0] if point.name.startswith("UNIT") else "CLASSIC"
        units.setdefault(unit, []).append(point)
    shared = Element("Cooling Water", "Utility", description="Serves all units")
    areas = [
        Element(
            unit.capitalize(), "Unit",
            [Attribute("Foreman", "String", f"Foreman of {unit}", is_manual_data_entry=True)],
            [*[_instrument(point, server) for point in found], shared],
            categories=("Production",), extended={"CostCenter": number},
        )
        for number, (unit, found) in enumerate(sorted(units.items()), 1)
    ]  # fmt: skip
    return Database(
        "Plant", [Element("Works", "Site", elements=areas, description="The whole plant")], templates=_templates(),
        enumeration_sets=[
            EnumerationSet("Valve", ("CLOSED", "OPEN", "TRANSIT", "FAULT")),
            EnumerationSet("Modes", ("Manual", "Auto", "Cascade", "Program", "Prog-Auto"), "Of controllers"),
            EnumerationSet("OnOff", {0: "Off", 1: "On"}),
        ],
        tables=[Table("Densities", {"Material": "String", "Density": "Double"},
                      [("Water", 998.2), ("Naphtha", 665.0), ("Steam", 0.6)], "At 20 °C", ("Reference",))],
        analysis_templates=[Analysis("Efficiency", target="Unit", categories=("Performance",)),
                            Analysis("Downtime", "EventFrame", target="Instrument")],
        categories={"Element": [Category("Production", "Where money is made"), "Unused"]},
        description="A plant",
    )  # fmt: skip


def _instrument(point: Point, server: str) -> Element:
    name = point.name.partition(".")[2].rpartition(".")[0] if point.name.startswith("UNIT") else point.name
    analyses = [Analysis("Downtime", "EventFrame", template="Downtime")] if point.point_type == "Digital" else []
    return Element(
        name or point.name, "Valve" if point.digital_set == "Valve" else "Instrument",
        [of_point(point, "Value", server)], description=point.descriptor, categories=("Equipment",),
        analyses=analyses, default_attribute="Value",
    )  # fmt: skip


def _templates() -> list[ElementTemplate]:
    return [
        ElementTemplate("Asset", [
            Attribute("Asset Number", "String", "A-%Element%", plug_in="String Builder", config='"A-";%Element%',
                      is_configuration_item=True),
            Attribute("Installed", "DateTime", "2019-06-01T00:00:00Z", categories=("Maintenance",)),
        ], description="What everything has", categories=("Equipment",), allow_element_to_extend=True),
        ElementTemplate("Instrument", [
            Attribute("Calibration", "Double", 12.5, is_hidden=True, categories=("Maintenance",)),
            Attribute("Retired", "Boolean", False, is_excluded=True),
        ], base="Asset", naming_pattern="%Element%"),
        ElementTemplate("Valve", [Attribute("Failure Position", "EnumerationValue", "CLOSED", enumeration="Valve")],
                        base="Instrument"),
        ElementTemplate("Unit", [
            Attribute("Density", "Double", 998.2, "Table Lookup",
                      "SELECT Density FROM Densities WHERE Material = 'Water'", "kg"),
            Attribute("Load", "Double", 0.75, "Formula", "A=Density;[A/1000]", "%"),
        ], base="Asset", extended={"Owner": "Operations"}),
        ElementTemplate("Site", [Attribute("Latitude", "Double", 50.1, trait="LocationLatitude"),
                                 Attribute("Longitude", "Double", 8.7, trait="LocationLongitude")], base="Asset"),
        ElementTemplate("Utility", base="Asset"),
        ElementTemplate("Batch", [Attribute("Operator", "String", "nobody")], instance_type="EventFrame",
                        can_be_acknowledged=True, severity="Minor", naming_pattern="%Template% %StartTime%"),
    ]  # fmt: skip


def _curiosities(points: Sequence[Point], server: str) -> Database:
    good = [of_point(point, "Good", server) for point in points[:1]]
    twice = Element("Twice", "", [Attribute("Where", "String", "in two places")])
    broken = Element("Broken", attributes=[
        *good,
        Attribute.of_point("No such tag", f"\\\\{server}\\NO.SUCH.TAG"),
        Attribute.of_point("No such server", "\\\\NOWHERE\\SINUSOID"),
        Attribute("Deleted", value=1.0, is_gone=True),
        Attribute("Empty", "String"),
    ])  # fmt: skip
    return Database("Curiosities", [
        Element("First", elements=[twice]),
        Element("Second", elements=[twice]),
        broken,
        Element("Deleted", attributes=[Attribute("Rest", value=1.0)], is_gone=True),
        Element("Secret", elements=[Element("Below", attributes=[Attribute("Hidden", value=1.0)])], is_denied=True),
        Element('Na/me % with # odd & "quotes", ä€', attributes=[Attribute("At/tri bute: 100%", value=100)]),
        Element("Measured", kind="Measurement"),
    ])  # fmt: skip
