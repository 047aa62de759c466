"""Options of the design that this version does not have. They are refused by name, never silently ignored."""

from __future__ import annotations

from pi_datasource.options.declare import Option


def _planned(name: str, meaning: str) -> Option:
    return Option(name, "text", None, meaning, group="Planned", planned=True)


PLANNED_OPTIONS = (
    _planned("tokenUrl", "Address that hands out OAuth tokens."),
    _planned("clientId", "OAuth client."),
    Option("clientSecret", "secret", None, "OAuth client's secret.", secret=True, group="Planned", planned=True),
    _planned("scope", "OAuth scope."),
    _planned("principal", "Kerberos principal."),
    _planned("keytab", "Kerberos keytab file."),
    _planned("clientCertificate", "Certificate of this client, for mutual TLS."),
    _planned("clientKey", "Its private key."),
    Option("clientKeyPassword", "secret", None, "Password of that key.", secret=True, group="Planned", planned=True),
    _planned("filterPushdown", "Whether Spark's filters narrow the plan."),
    _planned("desiredUnits", "Units to convert to."),
    _planned("sinceTable", "Table whose newest rows say where to start."),
)
