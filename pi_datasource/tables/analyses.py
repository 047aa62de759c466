"""Tables `analyses` and `analysis_templates`."""

from __future__ import annotations

from collections.abc import Sequence

from pi_datasource.columns import Column
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import Field
from pi_datasource.resolve.lists import of_databases
from pi_datasource.tables.base import Request
from pi_datasource.tables.hierarchy import PLACE
from pi_datasource.tables.lists import list_table
from pi_datasource.tables.named import CATEGORIES, DESCRIPTION, ID, NAME, WEB_ID, or_none, path
from pi_datasource.webapi.client import Client

__all__ = ["ANALYSES", "ANALYSIS_TEMPLATES", "EVERY_NAME"]

#: These lists are searches; this finds all.
EVERY_NAME = (("field", "Name"), ("query", "*"))


def element_of(path: str) -> str | None:
    r"""`\\AF\DB\E` of `\\AF\DB\E\Analyses[A]`."""
    element, found, _ = path.rpartition("\\Analyses[")
    return element if found else None


def _analyses(request: Request, client: Client) -> Sequence[Listing]:
    return of_databases(client, request.options, "analyses", query=EVERY_NAME, paged=True)


_RULES = (
    Field(Column("rule", "string", "What computes it: PerformanceEquation, EventFrame, …"), "AnalysisRulePlugInName"),
    Field(Column("time_rule", "string", "What says when it runs: Periodic, Natural."), "TimeRulePlugInName"),
    CATEGORIES,
    Field(Column("group_id", "int", "Group of analyses that run together."), "GroupId"),
    Field(Column("output_time", "string", "Time rule of its outputs."), "OutputTime", or_none),
)

ANALYSES = list_table(
    "analyses",
    "Analyses of elements.",
    (
        NAME,
        path(r"\\server\database\element\Analyses[name]"),
        Field(Column("element_path", "string", "Path of its element."), "Path", element_of),
        DESCRIPTION,
        Field(Column("template", "string", "Name of its analysis template."), "TemplateName", or_none),
        Field(Column("status", "string", "Enabled, Disabled, Error, …"), "Status"),
        *_RULES,
        Field(Column("priority", "string", "Priority."), "Priority"),
        Field(Column("publish_results", "boolean", "Others are told of its results."), "PublishResults"),
        Field(Column("is_configured", "boolean", "It is complete."), "IsConfigured"),
        Field(Column("has_notification", "boolean", "A notification hangs on it."), "HasNotification"),
        Field(Column("maximum_queue_size", "int", "Evaluations that may wait; 0 for the server's own."),
              "MaximumQueueSize"),
        *PLACE,
        ID,
        WEB_ID,
        Field(Column("element_web_id", "string", "Handle of its element."), "TargetWebId", or_none),
    ),
    _analyses,
    long=True,
)  # fmt: skip


def _templates(request: Request, client: Client) -> Sequence[Listing]:
    return of_databases(client, request.options, "analysistemplates", query=EVERY_NAME, counted=True)


ANALYSIS_TEMPLATES = list_table(
    "analysis_templates",
    "Templates of analyses.",
    (
        NAME,
        path(r"\\server\database\AnalysisTemplates[name]"),
        DESCRIPTION,
        Field(Column("element_template", "string", "Name of the element template that it is for."), "TargetName",
              or_none),
        *_RULES,
        Field(Column("create_enabled", "boolean", "Analyses made from it are enabled."), "CreateEnabled"),
        Field(Column("has_notification", "boolean", "It has a notification template."), "HasNotificationTemplate"),
        *PLACE,
        ID,
        WEB_ID,
    ),
    _templates,
)  # fmt: skip
