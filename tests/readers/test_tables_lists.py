"""Tables of points, enumerations, templates, categories, analyses, AF tables and units, against what was declared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql.types import LongType, StringType, StructField, StructType

import fault_proxy
from fault_proxy import FaultProxy
from mock_pi import Fault, MockPI, PISystem, Point, webids
from mock_pi.af import (
    AFServer,
    Analysis,
    Attribute,
    Category,
    Database,
    Element,
    ElementTemplate,
    EnumerationSet,
    EnumerationValue,
    Table,
    Unit,
    UnitClass,
)
from mock_pi.af.directory import Shelf, analyses_of, unit_classes_of, units_of
from mock_pi.af.model import BoundAttribute, below, guid_of
from mock_pi.af.placed import Placed
from pi_datasource.columns import Column
from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import PIListError, PIOptionError, PIUnknownTagError
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import Field
from pi_datasource.tables.base import Request
from pi_datasource.tables.lists import list_table
from pi_datasource.tables.registry import TABLES, tables_table
from pi_datasource.webapi.client import Client

NOW = "2026-03-01T00:00:00Z"
CLOCK = datetime(2026, 3, 1, tzinfo=timezone.utc)
ROOT = Path(__file__).parents[2]

Row = dict[str, Any]


def points() -> list[Point]:
    """Points of every type, on two servers; one name on both."""
    first = [
        Point("UNIT1.FLOW", "Float32", engineering_units="m3/h", descriptor="Flow, ä€", zero=-10, span=250.5),
        Point("UNIT1.VALVE", "Digital", digital_set="Valve", step=True),
        Point("UNIT1.COUNT", "Int32", point_class="base", display_digits=3),
        Point("UNIT2.PLAN", "Float64", future=True),
        Point("UNIT2.TEXT", "String", step=True),
        Point("UNIT2.BLOB", "Blob"),
        Point("UNIT2.WHEN", "Timestamp"),
        Point("Odd & name; 100%", "Int16", point_id=2_000_000_000),
        Point("SAME", "Float16"),
    ]
    return [*first, Point("SAME", server="SECOND PI"), Point("OTHER", server="SECOND PI", step=True)]


SERVERS = ["MOCKPI", "SECOND PI"]
DIGITAL_SETS: dict[str, Any] = {"Valve": ("CLOSED", "OPEN"), "Codes": {3: "Three", 1: "One"}}


def plant() -> Database:
    """A database with everything, some of it nested, inherited, overridden or empty."""
    limits = (Attribute("Lo", value=1.5, trait="LimitLo"), Attribute("Hi", value=9.0, trait="LimitHi",
              attributes=(Attribute("Why", "String", "because"),)))  # fmt: skip
    templates = [
        ElementTemplate("Asset", [
            Attribute("Number", "String", "A-%Element%", "String Builder", '"A-";%Element%',
                      is_configuration_item=True),
            Attribute("Level", "Double", 12.5, units="m", attributes=limits, categories=("Measured", "Important")),
        ], description="What everything has", categories=("Equipment",), extended={"Owner": "Operations"}),
        ElementTemplate("Pump", [
            Attribute("Speed", "Int32", 3, units="rpm", is_hidden=True),
            Attribute("Level", "Double", 1, is_excluded=True, is_manual_data_entry=True),
            Attribute("State", "EnumerationValue", None, enumeration="Valve"),
        ], base="Asset", naming_pattern="P-%Element%", allow_element_to_extend=False),
        ElementTemplate("Big Pump", base="Pump"),
        ElementTemplate("Bare"),
        ElementTemplate("Batch", [Attribute("Operator", "String", "nobody",
                                            attributes=(Attribute("Shift", "Int32", 2),))],
                        instance_type="EventFrame", can_be_acknowledged=True, severity="Minor",
                        naming_pattern="%Template% %StartTime%"),
        ElementTemplate("Long Batch", [Attribute("Reason", "String", "")], base="Batch", instance_type="EventFrame"),
    ]  # fmt: skip
    pumps = [
        Element(f"P-{number}", "Pump", analyses=[
            Analysis("Wear", "Rollup", "Natural", "Disabled", f"Of pump {number}", ("Slow", "Costly"), "Wear",
                     group_id=7),
            Analysis(f"Trip {number}", priority="High", publish_results=False),
        ])
        for number in range(1, 8)
    ]  # fmt: skip
    return Database(
        "Plant", [Element("Works", elements=pumps)], templates=templates,
        enumeration_sets=[EnumerationSet("Valve", ("Closed", "Open")),
                          EnumerationSet("Codes", (EnumerationValue("Low", -5, "Below"), EnumerationValue("High", 70)),
                                         "Of something")],
        tables=[
            Table("Mixed", {"Name": "String", "D": "Double", "F": "Single", "I": "Int32", "L": "Int64", "S": "Int16",
                            "B": "Boolean", "T": "DateTime", "G": "Guid"},
                  [("a", 1.5, 2, 3, 2**40, -7, True, "2026-01-02T03:04:05.1234567Z",
                    "0f8fad5b-d9cb-469f-a165-70867728950e"),
                   (None,) * 9,
                   ("", 100, 0.5, -1, -1, 0, False, "9999-12-31T23:59:59Z", "x")],
                  "All types", ("Reference",), "Europe/Berlin"),
            Table("Nothing in it", {"A": "Double"}),
            Table("Twice", {"K": "String"}, [("plant",)]),
        ],
        analysis_templates=[Analysis("Wear", "Rollup", target="Pump", categories=("Slow",), group_id=7),
                            Analysis("Trip", status="Disabled"), Analysis("Start", "EventFrame", "Natural")],
        categories={"Element": [Category("Unused", "By nothing")]},
    )  # fmt: skip


@pytest.fixture(scope="module")
def system() -> PISystem:
    other = Database("Other", tables=[Table("Twice", {"K": "Int32"}, [(1,), (2,)])],
                     enumeration_sets=[EnumerationSet("Valve", {5: "Shut"})],
                     templates=[ElementTemplate("Asset", [Attribute("Only")])],
                     analysis_templates=[Analysis("Wear")],
                     categories={kind: [f"{kind} of another"]
                                 for kind in ("Element", "Attribute", "Table", "Analysis")})  # fmt: skip
    little = [UnitClass("Length", [Unit("meter", "m"), Unit("foot", "ft", 0.3048, 0.5, "Of a king")], "How far")]
    return PISystem(
        points(), SERVERS, DIGITAL_SETS, NOW,
        [AFServer("AF1", [plant(), Database("Empty")]), AFServer("AF2", [other], units=little)],
    )  # fmt: skip


@pytest.fixture(scope="module")
def pi(system: PISystem) -> Iterator[MockPI]:
    with MockPI(system, now=NOW) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_faults(pi: MockPI) -> Iterator[None]:
    yield
    pi.faults.clear()


# What has to come, from the declarations.


def databases(system: PISystem) -> list[Database]:
    return [database for server in system.asset_servers for database in server.databases]


def place(database: Database) -> Row:
    return {"database": database.name, "asset_server": database.server.name}


def web_id(marker: str, one: Placed[Any, Any] | BoundAttribute, *guids: Any) -> str:
    server = one.server if isinstance(one, Placed) else one.owner.home.server
    return webids.encode("I", marker, server.guid, one.path[2:], guids or (one.guid,))


def basics(marker: str, one: Placed[Any, Any]) -> Row:
    description = getattr(one.declared, "description", "")
    return {"name": one.name, "description": description, "path": one.path, "id": str(one.guid),
            "web_id": web_id(marker, one)}  # fmt: skip


def point_row(system: PISystem, point: Point) -> Row:
    path = f"{point.server}\\{point.name}"
    server = webids.server_guid(str(point.server))
    return {
        "tag": point.name, "path": f"\\\\{path}", "point_id": point.point_id, "point_type": point.point_type,
        "descriptor": point.descriptor, "uom": point.engineering_units, "point_class": point.point_class,
        "step": point.step, "future": point.future, "zero": float(point.zero), "span": float(point.span),
        "display_digits": point.display_digits, "digital_set_name": point.digital_set, "data_server": point.server,
        "web_id": webids.encode("F", "DP", server, path, point_id=point.point_id),
    }  # fmt: skip


def data_server_rows(system: PISystem) -> list[Row]:
    return [
        {"name": name, "path": f"\\\\PIServers[{name}]", "is_connected": True, "server_version": "3.4.440.477",
         "server_time": CLOCK, "id": str(webids.server_guid(name)),
         "web_id": webids.encode("I", "DS", webids.server_guid(name), name)}
        for name in system.data_servers
    ]  # fmt: skip


def set_rows(system: PISystem) -> list[Row]:
    rows = []
    for server in system.data_servers:
        for name in system.digital_sets:
            path, guid = f"{server}\\DigitalSets[{name}]", webids.set_guid(server, name)
            handle = webids.encode("I", "MSD", webids.server_guid(server), path, (guid,))
            rows.append({"name": name, "description": "", "path": f"\\\\{path}", "id": str(guid), "web_id": handle,
                         "data_server": server, "database": None, "asset_server": None})  # fmt: skip
    for database in databases(system):
        rows += [{**basics("MSR", one), "data_server": None, **place(database)} for one in Shelf(database).sets]
    return rows


def enumeration_rows(system: PISystem) -> list[Row]:
    rows = []
    sets = {(row["data_server"], row["name"]): row for row in set_rows(system) if row["data_server"]}
    for (server, name), of in sets.items():
        for state in system.digital_sets[name]:
            guid = webids.state_guid(server, name, state.code)
            path = f"{of['path']}\\{state.name}"
            handle = webids.encode(
                "I", "MVD", webids.server_guid(server), path[2:], (webids.set_guid(server, name), guid)
            )
            rows.append({"set": name, "name": state.name, "value": state.code, "description": "", "path": path,
                         "parent": None, "data_server": server, "database": None, "asset_server": None,
                         "id": str(guid), "web_id": handle, "set_web_id": of["web_id"]})  # fmt: skip
    for database in databases(system):
        for one in Shelf(database).sets:
            for value in one.declared.values:
                guid = guid_of(one.guid, value.name)
                rows.append({"set": one.name, "name": value.name, "value": value.value, "parent": None,
                             "description": value.description, "path": f"{one.path}\\{value.name}",
                             "data_server": None, **place(database), "id": str(guid),
                             "web_id": web_id("MVR", one, one.guid, guid),
                             "set_web_id": web_id("MSR", one)})  # fmt: skip
    return rows


def template_rows(system: PISystem, frames: bool) -> list[Row]:
    rows = []
    for database in databases(system):
        for one in Shelf(database).templates:
            declared = one.declared
            if (declared.instance_type == "EventFrame") != frames:
                continue
            own = {"severity": declared.severity, "can_be_acknowledged": declared.can_be_acknowledged} if frames else {
                "allow_element_to_extend": declared.allow_element_to_extend}  # fmt: skip
            extended = {name: {"Value": text} for name, text in (declared.extended or {}).items()}
            rows.append({**basics("ET", one), **place(database), **own, "base_template": declared.base or None,
                         "instance_type": declared.instance_type, "naming_pattern": declared.naming_pattern or None,
                         "categories": list(declared.categories), "extended_properties": extended})  # fmt: skip
    return rows


def attribute_template_rows(system: PISystem, frames: bool) -> list[Row]:
    rows = []
    for database in databases(system):
        shelf = Shelf(database)
        for one in shelf.templates:
            if (one.declared.instance_type == "EventFrame") != frames:
                continue
            taken: set[str] = set()
            for base in database.lineage(one.name):
                placed = shelf.template(base.name)
                assert placed is not None
                top = [each for each in placed.bound() if each.name not in taken]
                taken |= {each.name for each in top}
                for each in below(top):
                    rows.append(attribute_template_row(database, one, placed, each))
    return rows


def attribute_template_row(database: Database, template: Any, declaring: Any, one: BoundAttribute) -> Row:
    declared = one.declared
    unit = database.server.unit(declared.units) if declared.units else None
    value = declared.value
    return {
        "template": template.name, "template_web_id": web_id("ET", template), "name": one.name,
        "description": declared.description, "path": one.path,
        "parent_attribute": one.parent.path if one.parent else None, "depth": one.path.count("|") - 1,
        "is_inherited": declaring.name != template.name, "declared_by": declaring.name, "type": declared.type,
        "type_qualifier": declared.enumeration or None, "units": unit.name if unit else None,
        "uom": unit.abbreviation if unit else None,
        "default_value": value if value is None or isinstance(value, str) else json.dumps(value),
        "data_reference": declared.plug_in or None, "config_string": declared.config or None,
        "trait": declared.trait or None, "categories": list(declared.categories),
        "is_configuration_item": declared.is_configuration_item, "is_excluded": declared.is_excluded,
        "is_hidden": declared.is_hidden, "is_manual_data_entry": declared.is_manual_data_entry,
        "has_children": bool(declared.attributes), **place(database), "id": str(one.guid),
        "web_id": web_id("ATE", one, one.owner.guid, one.guid),
    }  # fmt: skip


def category_rows(system: PISystem, kind: str, marker: str) -> list[Row]:
    return [
        {**basics(marker, one), **place(database)}
        for database in databases(system)
        for one in Shelf(database).categories(kind)
    ]


def rule_columns(declared: Analysis) -> Row:
    return {"rule": declared.rule, "time_rule": declared.time_rule, "categories": list(declared.categories),
            "group_id": declared.group_id, "output_time": None}  # fmt: skip


def analysis_rows(system: PISystem) -> list[Row]:
    return [
        {**basics("Xs", one), **rule_columns(one.declared), **place(database), "element_path": element.path,
         "template": one.declared.template or None, "status": one.declared.status, "priority": one.declared.priority,
         "publish_results": one.declared.publish_results, "is_configured": True, "has_notification": False,
         "maximum_queue_size": 0,
         "element_web_id": webids.encode("I", "Em", element.server.guid, element.path[2:], (element.guid,))}
        for database in databases(system) for element in database.below() for one in analyses_of(element)
    ]  # fmt: skip


def analysis_template_rows(system: PISystem) -> list[Row]:
    return [
        {**basics("XT", one), **rule_columns(one.declared), **place(database),
         "element_template": one.declared.target or None, "create_enabled": one.declared.status == "Enabled",
         "has_notification": False}
        for database in databases(system) for one in Shelf(database).analysis_templates
    ]  # fmt: skip


def table_rows(system: PISystem) -> list[Row]:
    return [
        {**basics("Bl", one), **place(database), "categories": list(one.declared.categories),
         "time_zone": one.declared.time_zone, "convert_to_local_time": False}
        for database in databases(system) for one in Shelf(database).tables
    ]  # fmt: skip


def cell_rows(system: PISystem) -> list[Row]:
    return [
        {"table": one.name, "row": number, "column": name, "type": kind, **place(database),
         "value": value if value is None or isinstance(value, str) else json.dumps(value),
         "table_web_id": web_id("Bl", one)}
        for database in databases(system) for one in Shelf(database).tables
        for number, row in enumerate(one.declared.rows)
        for (name, kind), value in zip(one.declared.columns.items(), row, strict=True)
    ]  # fmt: skip


def class_rows(system: PISystem) -> list[Row]:
    return [
        {**basics("UC", one), "asset_server": server.name, "canonical_unit": one.declared.canonical.name,
         "canonical_uom": one.declared.canonical.abbreviation}
        for server in system.asset_servers for one in unit_classes_of(server)
    ]  # fmt: skip


def unit_rows(system: PISystem) -> list[Row]:
    return [
        {**basics("Ut", unit), "asset_server": server.name, "unit_class": one.name,
         "abbreviation": unit.declared.abbreviation, "factor": unit.declared.factor, "offset": unit.declared.offset,
         "reference_factor": unit.declared.factor, "reference_offset": unit.declared.offset,
         "reference_uom": one.declared.canonical.abbreviation}
        for server in system.asset_servers for one in unit_classes_of(server) for unit in units_of(one)
    ]  # fmt: skip


def attribute_values(point: Point) -> Row:
    return {
        "compressing": 1, "creationdate": "2020-01-01T00:00:00Z", "descriptor": point.descriptor,
        "digitalset": point.digital_set or "", "engunits": point.engineering_units, "future": int(point.future),
        "pointid": point.point_id, "pointsource": point.point_source, "pointtype": point.point_type,
        "ptclassname": point.point_class, "span": point.span, "step": int(point.step), "tag": point.name,
        "typicalvalue": point.zero + point.span / 2, "zero": point.zero,
    }  # fmt: skip


def point_attribute_rows(system: PISystem) -> list[Row]:
    return [
        {"tag": point.name, "point_id": point.point_id, "name": name,
         "value": value if isinstance(value, str) else json.dumps(value)}
        for point in system.points if point.server == "MOCKPI" for name, value in attribute_values(point).items()
    ]  # fmt: skip


#: Table → its rows; and how many lists it reads, or for long ones how many objects there are in each.
Expected = tuple[Callable[[PISystem], list[Row]], Callable[[PISystem], int | Sequence[int]]]


def _per_database(system: PISystem) -> int:
    return len(databases(system))


def _attribute_lists(frames: bool) -> Callable[[PISystem], int]:
    """One list of a template's own, another one with those of its bases."""
    return lambda system: sum(1 + bool(row["base_template"]) for row in template_rows(system, frames))


EXPECTED: dict[str, Expected] = {
    "data_servers": (data_server_rows, lambda system: 1),
    "points": (
        lambda system: [point_row(system, one) for one in system.points],
        lambda system: [len(system.points_of(server)) for server in system.data_servers],
    ),
    "point_attributes": (point_attribute_rows, lambda system: len(system.points_of("MOCKPI"))),
    "enumeration_sets": (set_rows, lambda system: len(system.data_servers) + len(databases(system))),
    "enumeration_values": (enumeration_rows, lambda system: len(set_rows(system))),
    "element_templates": (lambda system: template_rows(system, False), _per_database),
    "event_frame_templates": (lambda system: template_rows(system, True), _per_database),
    "attribute_templates": (lambda system: attribute_template_rows(system, False), _attribute_lists(False)),
    "event_frame_template_attributes": (lambda system: attribute_template_rows(system, True), _attribute_lists(True)),
    "element_categories": (lambda system: category_rows(system, "Element", "EC"), _per_database),
    "attribute_categories": (lambda system: category_rows(system, "Attribute", "AC"), _per_database),
    "analysis_categories": (lambda system: category_rows(system, "Analysis", "XC"), _per_database),
    "table_categories": (lambda system: category_rows(system, "Table", "BC"), _per_database),
    "analyses": (
        analysis_rows,
        lambda system: [sum(row["database"] == one.name for row in analysis_rows(system)) for one in databases(system)],
    ),
    "analysis_templates": (analysis_template_rows, _per_database),
    "af_tables": (table_rows, _per_database),
    "af_table_rows": (cell_rows, lambda system: len(table_rows(system))),
    "unit_classes": (class_rows, lambda system: len(system.asset_servers)),
    "units": (unit_rows, lambda system: len(class_rows(system))),
}
OPTIONS: dict[str, Row] = {"point_attributes": {"tagFilter": "*", "dataServer": "MOCKPI"}}


def partitions_of(lists: int | Sequence[int], wanted: int | None) -> int:
    """How many partitions a plan makes."""
    if isinstance(lists, int):
        groups = lists
    else:
        parts = wanted or 1
        groups = sum(len({length * part // parts for part in range(1, parts)} - {0}) + 1 for length in lists)
    if wanted is None:
        return 1
    return -(-groups // -(-groups // wanted))


def assert_rows(found: Sequence[Row], expected: Sequence[Row]) -> None:
    """The same rows, each as often, in any order."""
    assert expected
    assert sorted(map(_shown, found)) == sorted(map(_shown, expected))


def _shown(row: Row) -> str:
    return json.dumps(row, sort_keys=True, default=str)


def rows_of(reading: Any) -> list[Row]:
    rows = [row for batch in reading.batches for row in batch.to_pylist()]
    for row in rows:
        if row.get("extended_properties") is not None:
            row["extended_properties"] = json.loads(row["extended_properties"])
    return rows


@pytest.mark.parametrize("partitions", [None, 1, 8])
@pytest.mark.parametrize("page", [None, 3])
@pytest.mark.parametrize("table", EXPECTED)
def test_every_row_once(
    table: str, page: int | None, partitions: int | None, pi: MockPI, system: PISystem, driver: Any
) -> None:
    """All columns of all objects, whatever the pages and partitions."""
    options = {name: value for name, value in (("pageSize", page), ("numPartitions", partitions)) if value}
    reading = driver.read(url=pi.url, table=table, **options, **OPTIONS.get(table, {}))
    make, lists = EXPECTED[table]
    expected = make(system)
    assert reading.rows == len(expected)
    assert len(reading.partitions) == partitions_of(lists(system), partitions)
    assert_rows(rows_of(reading), expected)


@pytest.mark.parametrize("table", [*EXPECTED, "system", "tables"])
def test_keys_tell_rows_apart(table: str, pi: MockPI, driver: Any) -> None:
    rows = rows_of(driver.read(url=pi.url, table=table, **OPTIONS.get(table, {})))
    keys = {tuple(row[name] for name in TABLES[table].key) for row in rows}
    assert len(keys) == len(rows) > 0


@pytest.mark.parametrize("table", sorted(set(EXPECTED) - {"data_servers", "point_attributes"}))
def test_nothing_there(table: str, driver: Any) -> None:
    """A system without any of it: no rows, and no error."""
    with MockPI(PISystem([], af=[AFServer("AF", [Database("Empty")], units=())]), now=NOW) as empty:
        reading = driver.read(url=empty.url, table=table, **({"database": "Empty"} if "enumeration" in table else {}))
        assert (len(reading.partitions), reading.rows) == (1, 0)


#: Table → the route where one of several lists is refused; those asked while planning, too.
REFUSED = {
    "enumeration_sets": "assetdatabases/enumerationsets",
    "enumeration_values": "enumerationsets/enumerationvalues",
    "element_templates": "assetdatabases/elementtemplates",
    "attribute_templates": "elementtemplates/attributetemplates",
    "table_categories": "assetdatabases/tablecategories",
    "analysis_templates": "assetdatabases/analysistemplates",
    "af_tables": "assetdatabases/tables",
    "af_table_rows": "tables/data",
    "unit_classes": "assetservers/unitclasses",
    "units": "unitclasses/units",
    "point_attributes": "points/attributes",
}
REFUSED_PLANS = {
    "enumeration_values": "dataservers/enumerationsets",
    "attribute_templates": "assetdatabases/elementtemplates",
    "af_table_rows": "assetdatabases/tables",
    "units": "assetservers/unitclasses",
}


@pytest.mark.parametrize(("table", "route"), [*REFUSED.items(), *REFUSED_PLANS.items()])
def test_one_list_is_refused(table: str, route: str, pi: MockPI, system: PISystem, driver: Any) -> None:
    """It fails the read by name; or it is left out, and its cause is in a row."""
    options = {"url": pi.url, "table": table, **OPTIONS.get(table, {})}
    fault = Fault(status=403, route=route, scope="sub", message="Not for you")
    pi.faults.add(fault)
    with pytest.raises(PIListError, match=r"^1 list cannot be read:\n.*403 .*Not for you"):
        driver.read(**options)
    pi.faults.add(fault)
    skipping = driver.read(**options, onTagError="skip", errorColumn="problem")
    rows = rows_of(skipping)
    (failed,) = [row for row in rows if row["problem"]]
    assert "403 Not for you" in failed["problem"]
    assert {value for name, value in failed.items() if name != "problem"} <= {None, ()}
    expected = {_shown({**row, "problem": None}) for row in EXPECTED[table][0](system)}
    read = {_shown(row) for row in rows if row is not failed}
    assert read < expected
    assert read


def test_a_long_list_is_refused(pi: MockPI, system: PISystem, driver: Any) -> None:
    options = {"url": pi.url, "table": "points", "numPartitions": 1, "concurrency": 1}
    fault = Fault(status=403, route="dataservers/points", message="Not for you")
    pi.faults.add(fault)
    with pytest.raises(PIListError, match=r"points of MOCKPI: .*403 Not for you"):
        driver.read(**options)
    pi.faults.add(fault)
    rows = rows_of(driver.read(**options, onTagError="skip", errorColumn="problem"))
    assert ["403 Not for you" in (row["problem"] or "") for row in rows].count(True) == 1
    assert {row["data_server"] for row in rows} == {None, "SECOND PI"}


class TestPoints:
    def read(self, driver: Any, pi: MockPI, **options: Any) -> list[Row]:
        return rows_of(driver.read(url=pi.url, table="points", **options))

    @pytest.mark.parametrize("partitions", [None, 1, 3])
    @pytest.mark.parametrize(
        ("options", "names"),
        [
            ({"tagFilter": "unit1.*"}, ["UNIT1.FLOW", "UNIT1.VALVE", "UNIT1.COUNT"]),
            ({"tagFilter": "SAME"}, ["SAME", "SAME"]),
            ({"tagFilter": "UNIT1.*,*.FLOW,unit?.c*"}, ["UNIT1.FLOW", "UNIT1.VALVE", "UNIT1.COUNT"]),
            ({"tags": '["Odd & name; 100%", "unit2.text"]'}, ["Odd & name; 100%", "UNIT2.TEXT"]),
            ({"tags": r"\\SECOND PI\SAME,\\MOCKPI\SAME"}, ["SAME", "SAME"]),
            ({"tags": "OTHER", "tagFilter": "UNIT2.T*", "tagQuery": "tag:UNIT2.* AND PointType:=String"},
             ["OTHER", "UNIT2.TEXT"]),
            ({"tagQuery": "PointType:=Float64"}, ["UNIT2.PLAN", "SAME", "OTHER"]),
            ({"dataServer": "second pi"}, ["SAME", "OTHER"]),
        ],
    )  # fmt: skip
    def test_chosen(
        self, options: Row, names: list[str], partitions: int | None, pi: MockPI, system: PISystem, driver: Any
    ) -> None:
        """Every point once, however often it is chosen."""
        more = {"numPartitions": partitions} if partitions else {}
        rows = self.read(driver, pi, **options, **more)
        assert sorted(row["tag"] for row in rows) == sorted(names)
        every = {_shown(point_row(system, one)) for one in system.points}
        assert {_shown(row) for row in rows} <= every
        assert len({row["web_id"] for row in rows}) == len(names)

    def test_unknown_tags(self, pi: MockPI, driver: Any) -> None:
        with pytest.raises(PIUnknownTagError, match="NO SUCH"):
            self.read(driver, pi, tags="OTHER,NO SUCH")
        rows = self.read(driver, pi, tags="OTHER,NO SUCH", onTagError="skip", errorColumn="problem")
        assert [(row["tag"], row["problem"] is None) for row in rows] == [("OTHER", True), (None, False)]
        assert "NO SUCH: " in rows[1]["problem"]

    def test_a_point_that_goes_meanwhile(self, pi: MockPI, driver: Any) -> None:
        """Found while planning, and gone when it is read."""
        pi.system.add(Point("GOES"))
        reader = driver.reader(url=pi.url, table="points", tags="OTHER,GOES")
        partitions = reader.partitions()
        pi.system.remove("GOES")
        with pytest.raises(PIListError, match=r"GOES: .*not"):
            [batch for one in partitions for batch in reader.read(one)]

    def test_few_columns(self, pi: MockPI, system: PISystem, driver: Any) -> None:
        schema = StructType([StructField("point_type", StringType()), StructField("tag", StringType())])
        for options in ({}, {"tags": "OTHER,UNIT1.FLOW"}):
            rows = rows_of(driver.read(schema, url=pi.url, table="points", **options))
            every = [{"point_type": one.point_type, "tag": one.name} for one in system.points]
            wanted = [row for row in every if not options or row["tag"] in ("OTHER", "UNIT1.FLOW")]
            assert_rows(rows, wanted)

    def test_a_server_without_the_point_search(self, driver: Any) -> None:
        """The error names the option, and since when servers have the route."""
        with MockPI(PISystem(points(), SERVERS, DIGITAL_SETS), now=NOW, version="2017") as old:
            with pytest.raises(PIOptionError, match=r"option tagQuery: .*PI Web API 2021 SP3 and later"):
                self.read(driver, old, tagQuery="tag:=OTHER")
            assert [row["tag"] for row in self.read(driver, old, tags="OTHER")] == ["OTHER"]


def test_point_attributes_need_tags_and_name_the_unknown(pi: MockPI, driver: Any) -> None:
    with pytest.raises(PIOptionError, match="table 'point_attributes' needs to know which tags"):
        driver.read(url=pi.url, table="point_attributes")
    reading = driver.read(
        url=pi.url, table="point_attributes", tags="OTHER,NO SUCH", onTagError="skip", errorColumn="problem"
    )
    rows = rows_of(reading)
    assert {row["tag"] for row in rows} == {"OTHER", None}
    assert len(rows) == len(attribute_values(Point("OTHER"))) + 1
    (failed,) = [row["problem"] for row in rows if row["problem"]]
    assert failed.startswith("NO SUCH: ")


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"dataServer": "SECOND PI"}, {("SECOND PI", None)}),
        ({"database": "Other"}, {(None, "Other")}),
        ({"assetServer": "AF1", "dataServer": "MOCKPI"}, {("MOCKPI", None), (None, "Plant")}),
    ],
)
@pytest.mark.parametrize("table", ["enumeration_sets", "enumeration_values"])
def test_whose_enumerations(
    table: str, options: Row, where: set[tuple[Any, Any]], pi: MockPI, system: PISystem, driver: Any
) -> None:
    rows = rows_of(driver.read(url=pi.url, table=table, **options))
    expected = [row for row in EXPECTED[table][0](system) if (row["data_server"], row["database"]) in where]
    assert {(row["data_server"], row["database"]) for row in expected} == where
    assert_rows(rows, expected)


class TestTableRows:
    def test_one_table_has_its_own_columns(self, pi: MockPI, driver: Any) -> None:
        reading = driver.read(url=pi.url, table="af_table_rows", afTable="mixed")
        kinds = {one.name: str(one.type) for one in reading.batches[0].schema}
        assert kinds == {
            "Name": "string", "D": "double", "F": "double", "I": "int32", "L": "int64", "S": "int32", "B": "bool",
            "T": "timestamp[us, tz=UTC]", "G": "string",
        }  # fmt: skip
        time = datetime(2026, 1, 2, 3, 4, 5, 123456, timezone.utc)
        assert [tuple(row.values()) for row in rows_of(reading)] == [
            ("a", 1.5, 2.0, 3, 2**40, -7, True, time, "0f8fad5b-d9cb-469f-a165-70867728950e"),
            (None,) * 9,
            ("", 100.0, 0.5, -1, -1, 0, False, None, "x"),
        ]

    def test_a_schema_of_the_user(self, pi: MockPI, driver: Any) -> None:
        schema = StructType([StructField("L", LongType()), StructField("Name", StringType())])
        rows = rows_of(driver.read(schema, url=pi.url, table="af_table_rows", afTable="Mixed"))
        assert rows == [{"L": 2**40, "Name": "a"}, {"L": None, "Name": None}, {"L": -1, "Name": ""}]

    def test_several_are_long(self, pi: MockPI, system: PISystem, driver: Any) -> None:
        rows = rows_of(driver.read(url=pi.url, table="af_table_rows", afTable="Twice, nothing in it"))
        assert_rows(rows, [row for row in cell_rows(system) if row["table"] == "Twice"])

    def test_one_name_in_two_databases(self, pi: MockPI, driver: Any) -> None:
        with pytest.raises(PIOptionError, match="several databases have a table of that name"):
            driver.read(url=pi.url, table="af_table_rows", afTable="Twice")
        rows = rows_of(driver.read(url=pi.url, table="af_table_rows", afTable="Twice", database="Other"))
        assert rows == [{"K": 1}, {"K": 2}]

    def test_an_unknown_name(self, pi: MockPI, driver: Any) -> None:
        for names in ("Nope", "Nope,Mixed"):
            with pytest.raises(PIOptionError, match=r"option afTable: there is no table 'Nope' here; .*'Mixed'"):
                driver.read(url=pi.url, table="af_table_rows", afTable=names)


class TestListsWithoutPlaces:
    """PI lists templates with `maxCount` and no `startIndex`: all have to come all the same, or the read fails."""

    def test_the_limit_of_the_server_is_enough(self, driver: Any) -> None:
        templates = [ElementTemplate(f"T{number}") for number in range(11)]
        system = PISystem([], af=[AFServer("AF", [Database("D", templates=templates)])])
        with MockPI(system, now=NOW, max_count=12) as small:
            for page in (3, 1000):
                rows = rows_of(driver.read(url=small.url, table="element_templates", pageSize=page))
                assert sorted(row["name"] for row in rows) == sorted(one.name for one in templates)
            small.set(max_count=11)
            with pytest.raises(PIListError, match=r"hands out 11 at once.*MaxReturnedItemsPerCall"):
                driver.read(url=small.url, table="element_templates", pageSize=3)

    @pytest.mark.parametrize(
        ("count", "page", "limit"), [(5, 5, 5), (11, 5, 5), (1000, 1200, 1000), (1001, 1200, 1000)]
    )
    def test_a_limit_that_nobody_tells_is_noticed(self, driver: Any, count: int, page: int, limit: int) -> None:
        """By the list's other end. A list that has just so many objects is whole."""
        templates = [ElementTemplate(f"T{number}") for number in range(count)]
        system = PISystem([], af=[AFServer("AF", [Database("D", templates=templates)])])

        def cut(body: bytes) -> bytes:
            found = json.loads(body)
            return json.dumps({**found, "Items": found["Items"][:limit]}).encode()

        with MockPI(system, now=NOW) as here, FaultProxy(here.url) as gateway:
            gateway.strike(fault_proxy.body_of(cut), route="/elementtemplates?")
            options = {"url": gateway.url, "table": "element_templates", "pageSize": page}
            if count > limit:
                with pytest.raises(PIListError, match=rf"hands out {limit} at once.*MaxReturnedItemsPerCall"):
                    driver.read(**options)
            else:
                rows = rows_of(driver.read(**options))
                assert sorted(row["name"] for row in rows) == sorted(one.name for one in templates)
            assert gateway.struck >= 2


def test_a_route_of_later_versions(driver: Any) -> None:
    """The error names the route and the version."""
    system = PISystem([], af=[AFServer("AF", [plant()])])
    (template, *_) = Shelf(databases(system)[0]).templates
    route = f"elementtemplates/{web_id('ET', template)}/baseelementtemplates"
    table = list_table(
        "bases", "Bases.", (Field(Column("name", "string", "Name."), "Name"),),
        lambda request, client: [Listing(route, "bases of a template", paged=False)], since="2018",
    )  # fmt: skip
    with MockPI(system, now=NOW, version="2017") as old:
        source: PIDataSource = driver.source(url=old.url, table="elements")
        request = Request(source._parsed, table.columns)
        client = Client(source._parsed.connection)
        with pytest.raises(PIListError) as caught:
            [batch for one in table.plan(request, client) for batch in table.read(request, one, client)]
    assert route in str(caught.value)
    assert "since PI Web API 2018" in str(caught.value)


class TestSystem:
    def test_what_it_says(self, driver: Any) -> None:
        with MockPI(
            PISystem(points(), SERVERS, DIGITAL_SETS), max_count=1234, auth="basic", users={"D\\me": "x"}
        ) as here:
            (row,) = rows_of(driver.read(url=here.url, table="system", username="D\\me", password="x"))
        assert abs(row.pop("clock_difference")) < 5
        assert abs((row.pop("server_time") - row.pop("read_at")).total_seconds()) < 5
        assert row == {
            "url": here.url, "product": "PI Web API 2023 SP1", "version": "1.19.1.28", "state": "Running",
            "uptime_minutes": 12345.6, "user_name": "D\\me", "identity_type": "WindowsIdentity",
            "is_authenticated": True, "item_limit": 1234,
        }  # fmt: skip

    def test_an_old_server_and_nobody_in_particular(self, driver: Any) -> None:
        """2017 says no time; who is not logged in has no name."""
        with MockPI(PISystem(points(), SERVERS, DIGITAL_SETS), now=NOW, version="2017") as old:
            (row,) = rows_of(driver.read(url=old.url, table="system"))
        assert (row["server_time"], row["clock_difference"], row["user_name"]) == (None, None, None)
        assert (row["product"], row["item_limit"]) == ("PI Web API 2017 R2", 150_000)

    def test_a_clock_that_is_wrong(self, pi: MockPI, driver: Any) -> None:
        (row,) = rows_of(driver.read(url=pi.url, table="system"))
        assert row["server_time"] == CLOCK
        assert row["clock_difference"] == pytest.approx((CLOCK - row["read_at"]).total_seconds(), abs=5)


def test_tables_lists_the_registry(pi: MockPI, driver: Any) -> None:
    rows = {row["name"]: row for row in rows_of(driver.read(url=pi.url, table="tables"))}
    assert list(rows) == list(TABLES)
    for name, table in TABLES.items():
        assert rows[name]["columns"] == [f"{column.name} {column.type}" for column in table.columns]
    assert "afTable" in rows["af_table_rows"]["options"]
    assert "afTable" not in rows["points"]["options"]
    assert {"url", "tags", "tagFilter"} <= set(rows["points"]["options"])
    assert rows["recorded"]["streams"]


def test_the_readme_lists_the_tables() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    begin, end = "<!-- tables: generated by pi_datasource.tables.registry.tables_table() -->\n", "<!-- /tables -->"
    assert readme.split(begin)[1].split(end)[0].strip() == tables_table().strip(), "README.md is out of date"


@pytest.mark.parametrize(
    ("table", "options"),
    [
        ("element_templates", {"tags": "OTHER"}),
        ("units", {"tagFilter": "*"}),
        ("analyses", {"tagQuery": "tag:*"}),
        ("af_tables", {"dataServer": "MOCKPI"}),
        ("points", {"database": "Plant"}),
        ("units", {"database": "Plant"}),
        ("af_tables", {"afTable": "Mixed"}),
        ("data_servers", {"assetServer": "AF1"}),
    ],
)
def test_options_that_mean_nothing_are_refused(table: str, options: Row, pi: MockPI, driver: Any) -> None:
    (name,) = options
    with pytest.raises(PIOptionError, match=f"option {name} = '.*' means nothing for table '{table}'"):
        driver.read(url=pi.url, table=table, **options)


def test_an_unknown_table_comes_before_its_options(pi: MockPI, driver: Any) -> None:
    with pytest.raises(PIOptionError, match=r"there is no table 'pionts' \(did you mean 'points'\?\)"):
        driver.read(url=pi.url, table="pionts", tags="OTHER", database="Plant")


def test_data_servers_by_name(pi: MockPI, system: PISystem, driver: Any) -> None:
    rows = rows_of(driver.read(url=pi.url, table="data_servers", dataServer="second pi"))
    assert_rows(rows, [row for row in data_server_rows(system) if row["name"] == "SECOND PI"])
    with pytest.raises(PIOptionError, match="option dataServer: there is no 'NOPE' here"):
        driver.read(url=pi.url, table="data_servers", dataServer="NOPE")


def test_points_of_a_file(pi: MockPI, driver: Any, tmp_path: Path) -> None:
    file = tmp_path / "tags.txt"
    file.write_text("OTHER\nUNIT1.FLOW\n", encoding="utf-8")
    for table in ("points", "point_attributes"):
        rows = rows_of(driver.read(url=pi.url, table=table, tagFile=str(file)))
        assert {row["tag"] for row in rows} == {"OTHER", "UNIT1.FLOW"}
