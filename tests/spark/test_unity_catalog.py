"""PI under the name by which Databricks finds the options of a connection."""

from __future__ import annotations

from typing import Any

import pytest

from mock_pi import MockPI
from pi_datasource.options.settings import DECLARED
from pi_datasource.unity_catalog import ALLOWED, register_for_connections


@pytest.mark.spark_versions
def test_a_connection_of_unity_catalog_brings_its_options(spark: Any) -> None:
    """The platform adds what the connection holds; here the test does."""
    assert set(ALLOWED) <= {option.name for option in DECLARED}
    with MockPI(tags=2, now="2026-01-02T00:00:00Z", auth="basic", users={"reader": "secret-of-a-connection"}) as pi:
        held = {"url": pi.url, "username": "reader", "password": "secret-of-a-connection"}
        register_for_connections(spark)
        read = spark.read.format("lakeflow_connect").option("databricks.connection", "pi").options(**held)
        rows = read.options(tags="SINUSOID", startTime="2026-01-01", endTime="2026-01-01T01:00:00Z").load()
        assert rows.count() == 360
