"""Tables `element_categories`, `attribute_categories`, `analysis_categories`, `table_categories`."""

from __future__ import annotations

from collections.abc import Sequence

from pi_datasource.read.listing import Listing
from pi_datasource.resolve.lists import of_databases
from pi_datasource.tables.base import Request, Table
from pi_datasource.tables.hierarchy import PLACE
from pi_datasource.tables.lists import list_table
from pi_datasource.tables.named import DESCRIPTION, ID, NAME, WEB_ID, path
from pi_datasource.webapi.client import Client

__all__ = ["CATEGORY_TABLES"]


def _categories_of(kind: str) -> Table:
    def lists(request: Request, client: Client) -> Sequence[Listing]:
        return of_databases(client, request.options, f"{kind}categories")

    return list_table(
        f"{kind}_categories",
        f"Categories for {'analyses' if kind == 'analysis' else kind + 's'}.",
        (NAME, DESCRIPTION, path(rf"\\server\database\{kind.title()}Categories[name]"), *PLACE, ID, WEB_ID),
        lists,
    )


CATEGORY_TABLES = tuple(_categories_of(kind) for kind in ("element", "attribute", "analysis", "table"))
