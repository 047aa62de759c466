"""Unity Catalog by databricks-sdk, against a stand-in for its REST API: no workspace is asked in any test."""

from __future__ import annotations

from typing import Any

import pytest

from pi_datasource.delta import CatalogEntry, describe_in_catalog
from pi_datasource.errors import PIError, PIOptionError

sdk = pytest.importorskip("databricks.sdk", reason="databricks-sdk is not here")

TABLE = "main.bronze.pi"
ENTRY = CatalogEntry(
    comment="the plant's events",
    columns={"tag": "name of the point"},
    tags={"domain": "plant", "pi": ""},
    column_tags={"value": {"unit": "any"}},
    owner="engineers",
    grants={"analysts": ["SELECT"], "ops": ["MODIFY", "select"]},
)
STATEMENTS = [
    "COMMENT ON TABLE `main`.`bronze`.`pi` IS 'the plant\\'s events'",
    "ALTER TABLE `main`.`bronze`.`pi` ALTER COLUMN `tag` COMMENT 'name of the point'",
    "ALTER TABLE `main`.`bronze`.`pi` SET TAGS ('domain' = 'plant', 'pi')",
    "ALTER TABLE `main`.`bronze`.`pi` ALTER COLUMN `value` SET TAGS ('unit' = 'any')",
]


@pytest.fixture
def workspace(httpserver: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "/dev/null")
    httpserver.expect_request("/.well-known/databricks-config").respond_with_json({})
    config = sdk.config.Config(
        host=httpserver.url_for(""), token="dapi-x", auth_type="pat", http_timeout_seconds=2, retry_timeout_seconds=2
    )
    return sdk.WorkspaceClient(config=config)


def answers(httpserver: Any, *states: str) -> None:
    """The warehouse's answers to statements, one after the other."""
    for number, state in enumerate(states):
        error = {"error": {"error_code": "BAD_REQUEST", "message": "no such table"}} if state == "FAILED" else {}
        answer = {"statement_id": f"s{number}", "status": {"state": state, **error}}
        httpserver.expect_ordered_request("/api/2.0/sql/statements", method="POST").respond_with_json(answer)


def asked(httpserver: Any) -> list[tuple[str, str, Any]]:
    log = [(request.method, request.path, request.get_json(silent=True)) for request, _ in httpserver.log]
    return [one for one in log if one[1].startswith("/api/")]


def test_all_of_it_in_order(httpserver: Any, workspace: Any) -> None:
    answers(httpserver, *["SUCCEEDED"] * 4)
    httpserver.expect_ordered_request("/api/2.1/unity-catalog/permissions/TABLE/main.bronze.pi").respond_with_json({})
    httpserver.expect_ordered_request("/api/2.1/unity-catalog/tables/main.bronze.pi").respond_with_json({})
    assert describe_in_catalog(TABLE, ENTRY, workspace=workspace, warehouse_id="w1") == 6
    *told, grants, owner = asked(httpserver)
    assert [body["statement"] for _, _, body in told] == STATEMENTS
    assert {body["warehouse_id"] for _, _, body in told} == {"w1"}
    assert grants[0] == "PATCH"
    assert grants[2]["changes"] == [
        {"principal": "analysts", "add": ["SELECT"]},
        {"principal": "ops", "add": ["MODIFY", "SELECT"]},
    ]
    assert (owner[0], owner[2]) == ("PATCH", {"owner": "engineers"})


def test_a_slow_warehouse_is_asked_again(httpserver: Any, workspace: Any) -> None:
    answers(httpserver, "PENDING")
    states = [{"statement_id": "s0", "status": {"state": state}} for state in ("RUNNING", "SUCCEEDED")]
    for state in states:
        httpserver.expect_ordered_request("/api/2.0/sql/statements/s0", method="GET").respond_with_json(state)
    assert describe_in_catalog(TABLE, CatalogEntry(comment="c"), workspace=workspace, warehouse_id="w1") == 1
    assert [method for method, _, _ in asked(httpserver)] == ["POST", "GET", "GET"]


def test_what_the_warehouse_says_is_told(httpserver: Any, workspace: Any) -> None:
    answers(httpserver, "FAILED")
    with pytest.raises(PIError, match="FAILED \\(no such table\\): COMMENT ON TABLE"):
        describe_in_catalog(TABLE, ENTRY, workspace=workspace, warehouse_id="w1")
    assert len(asked(httpserver)) == 1


def test_a_right_that_is_missing_is_told_by_the_sdk(httpserver: Any, workspace: Any) -> None:
    body = {"error_code": "PERMISSION_DENIED", "message": "User is not an owner"}
    httpserver.expect_request("/api/2.1/unity-catalog/tables/main.bronze.pi").respond_with_json(body, status=403)
    with pytest.raises(sdk.errors.PermissionDenied, match="not an owner"):
        describe_in_catalog(TABLE, CatalogEntry(owner="me"), workspace=workspace)


@pytest.mark.parametrize(
    ("table", "entry", "told"),
    [
        ("bronze.pi", ENTRY, "catalog.schema.table"),
        ("/lake/pi", ENTRY, "catalog.schema.table"),
        (TABLE, ENTRY, "warehouse_id"),
        (TABLE, CatalogEntry(grants={"a": ["READ"]}), "'READ' is no privilege"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(
    httpserver: Any, workspace: Any, table: str, entry: CatalogEntry, told: str
) -> None:
    with pytest.raises(PIOptionError, match=told):
        describe_in_catalog(table, entry, workspace=workspace)
    assert asked(httpserver) == []
