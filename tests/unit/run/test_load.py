"""What a load is given before it runs; the running itself is tested with Spark."""

from __future__ import annotations

import pytest

from pi_datasource.options import secrets
from pi_datasource.run.load import revealed

OPTIONS = {"url": "https://pi", "password": "{{secrets/pi/password}}", "token": "env:PI_TOKEN", "tags": "{{odd}}"}


def test_secrets_of_a_scope_are_looked_up_on_the_driver_of_databricks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def vault(reference: str, label: str) -> str:
        asked.append((reference, label))
        return "@s3cret"

    monkeypatch.setattr(secrets, "_from_vault", vault)
    monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)
    assert revealed(OPTIONS) == OPTIONS
    assert asked == []
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "17.3")
    assert revealed(OPTIONS) == {**OPTIONS, "password": "literal:@s3cret"}
    assert asked == [("{{secrets/pi/password}}", "option password")]
