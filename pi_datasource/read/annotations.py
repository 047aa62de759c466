"""Annotations of events: notes that people left on them, in the column `annotations`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from pi_datasource.read.objects import as_text, known_ticks
from pi_datasource.webapi.wire import AnnotatedValue, Annotation, TimedValue

__all__ = ["ANNOTATIONS", "ANNOTATION_TYPE", "annotations_of", "note_errors"]

#: The column.
ANNOTATIONS = "annotations"
#: Its type, in Spark's words.
ANNOTATION_TYPE = (
    "array<struct<id:string,name:string,description:string,value:string,creator:string,created:timestamp,"
    "modifier:string,modified:timestamp>>"
)


def annotations_of(values: Iterable[TimedValue], kind: pa.DataType) -> pa.Array:
    """A list for each event that has annotations; null for all others, as many servers leave empty lists out.

    Few events have any, so each is told by itself.
    """
    notes = [value.Annotations if isinstance(value, AnnotatedValue) else None for value in values]
    return pa.array([_told(some) if some else None for some in notes], kind)


def _told(notes: Sequence[Annotation]) -> list[dict[str, Any]]:
    created, is_created = known_ticks([note.CreationDate for note in notes])
    modified, is_modified = known_ticks([note.ModifyDate for note in notes])
    return [
        {
            "id": note.Id,
            "name": note.Name,
            "description": note.Description,
            "value": None if note.Value is None else as_text(note.Value),
            "creator": note.Creator,
            "created": int(created[at]) // 10 if is_created[at] else None,
            "modifier": note.Modifier,
            "modified": int(modified[at]) // 10 if is_modified[at] else None,
        }
        for at, note in enumerate(notes)
    ]


def note_errors(values: Sequence[AnnotatedValue]) -> str:
    """What the server says of the first annotation that it could not read; empty when it could read all."""
    for value in values:
        for note in value.Annotations or ():
            if note.Errors:
                return "; ".join(note.Errors) if isinstance(note.Errors, list) else note.Errors
    return ""
