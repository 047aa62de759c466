"""The JSON schema of job files, for editors: made of the same declarations as the check itself.

# yaml-language-server: $schema=osipi.schema.json
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pi_datasource.options import Option
from pi_datasource.run.settings import CATALOG, JOB, LOAD, SERVER, SOURCE
from pi_datasource.tables.registry import TABLES

__all__ = ["job_schema"]

_TEXT: dict[str, Any] = {"type": ["string", "number", "boolean"]}
#: What may be written for an option of each kind; YAML makes numbers and booleans of texts that look like some.
_KINDS: dict[str, dict[str, Any]] = {
    "integer": {"type": ["integer", "string"]},
    "number": {"type": ["number", "string"]},
    "seconds": {"type": ["number", "string"]},
    "boolean": {"type": ["boolean", "string"]},
    "list": {"anyOf": [{"type": "string"}, {"type": "array", "items": _TEXT}]},
    "json": {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": _TEXT}]},
    "secret": {"type": "string", "pattern": r"^(env:|@|\{\{)"},
}


def job_schema() -> dict[str, Any]:
    """The schema, as a JSON document."""
    load = _object("A table to bring up to date.", LOAD, required=["name", "target"])
    load["properties"]["table"]["enum"] = list(TABLES)
    load["properties"]["options"] = _object("Options of the source for this load.", SOURCE)
    load["properties"]["catalog"] = _object("What Unity Catalog shall know of the target.", CATALOG)
    job = _object("A job of pi_datasource: what to load from a PI System into which Delta tables.", JOB, ["loads"])
    job["properties"] |= {
        "server": _object("PI Web API, and the login.", SERVER),
        "options": _object("Options of the source for all loads that take them.", SOURCE),
        "spark": {
            "type": "object",
            "description": "Settings of the Spark session, where this job starts it.",
            "additionalProperties": _TEXT,
        },
        "loads": {"type": "array", "minItems": 1, "items": load, "description": "What to load."},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "pi_datasource job", **job}


def _object(meaning: str, options: Iterable[Option], required: list[str] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "object",
        "description": meaning,
        "additionalProperties": False,
        "properties": {option.name: _property(option) for option in options},
    }
    return {**made, "required": required} if required else made


def _property(option: Option) -> dict[str, Any]:
    told: dict[str, Any] = {"description": option.meaning}
    if option.default is not None:
        told["default"] = option.default
    if option.kind == "choice":
        return {"enum": list(option.choices), **told}
    limits = {"minimum": option.minimum, "maximum": option.maximum}
    return {
        **_KINDS.get(option.kind, _TEXT),
        **told,
        **{key: value for key, value in limits.items() if value is not None},
    }
