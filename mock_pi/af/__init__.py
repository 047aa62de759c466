r"""The Asset Framework behind the server, without HTTP.

Read `model` first (elements, attributes, templates), then `database` (where they get their places and ids), `search`
(how lists are filtered) and `plant` (large trees for little work). `demo` declares a small plant on the demo's points.
Event frames: `eventframe` declares one, `eventframes` holds and edits those of a database, `eventframedemo` makes many.

>>> from mock_pi import PISystem, Point
>>> pump = Element("P-1", "Pump", attributes=[Attribute.of_point("Flow", r"\\MOCKPI\FLOW", units="m3/h")])
>>> database = Database("Plant", [Element("Unit 1", elements=[pump])], templates=[ElementTemplate("Pump")])
>>> system = PISystem([Point("FLOW")], af=[AFServer("MOCKAF", [database])])
"""

from __future__ import annotations

from mock_pi.af.database import AFServer, Database
from mock_pi.af.enumerations import EnumerationSet, EnumerationValue
from mock_pi.af.eventframe import EventFrame
from mock_pi.af.eventframedemo import demo_frames, many_frames, many_template
from mock_pi.af.eventframes import EventFrames
from mock_pi.af.model import (
    Analysis,
    AnalysisTemplate,
    Attribute,
    AttributeTemplate,
    BoundAttribute,
    Category,
    Element,
    ElementTemplate,
    Table,
)
from mock_pi.af.plant import plant
from mock_pi.af.units import Unit, UnitClass

__all__ = [
    "AFServer",
    "Analysis",
    "AnalysisTemplate",
    "Attribute",
    "AttributeTemplate",
    "BoundAttribute",
    "Category",
    "Database",
    "Element",
    "ElementTemplate",
    "EnumerationSet",
    "EnumerationValue",
    "EventFrame",
    "EventFrames",
    "Table",
    "Unit",
    "UnitClass",
    "demo_frames",
    "many_frames",
    "many_template",
    "plant",
]
