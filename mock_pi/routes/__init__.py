"""The controllers, one module each, in the order of the vendor's reference."""

from __future__ import annotations

from mock_pi.routes import dataservers, home, points, streams, streamsets
from mock_pi.routes.table import RouteTable

TABLE = RouteTable([*home.ROUTES, *dataservers.ROUTES, *points.ROUTES, *streams.ROUTES, *streamsets.ROUTES])
