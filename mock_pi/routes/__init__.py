"""The controllers, one module each, in the order of the vendor's reference."""

from __future__ import annotations

from mock_pi.routes import (
    analyses,
    assetdatabases,
    assetservers,
    attributes,
    calculation,
    categories,
    dataservers,
    elements,
    enumerations,
    eventframes,
    home,
    points,
    streams,
    streamsets,
    tables,
    templates,
    units,
)
from mock_pi.routes.table import RouteTable

_CONTROLLERS = (
    home, assetservers, assetdatabases, elements, attributes, templates, categories, enumerations, analyses, tables,
    units, dataservers, points, streams, streamsets, calculation, eventframes,
)  # fmt: skip

TABLE = RouteTable([one for controller in _CONTROLLERS for one in controller.ROUTES])
