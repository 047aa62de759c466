"""Names and paths of the elements that event frames are about: a frame holds a handle only.

Frames of one list are about few elements, so each is looked up once in a part of a read, a hundred in a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import pyarrow as pa

from pi_datasource.errors import PIError, PIRequestError
from pi_datasource.resolve.places import ID_ONLY
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all, chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Answer, NamedPlace

__all__ = ["ELEMENT_FIELDS", "with_elements"]

#: Column → field of an element.
ELEMENT_FIELDS = {"primary_element": "Name", "primary_element_path": "Path"}
#: Elements in one call, and such calls in one batch request.
ELEMENTS_PER_CALL, CALLS_PER_BATCH = 100, 30


class ElementLooked(msgspec.Struct, gc=False):
    """One identifier of an `elements/multiple` call: the element; none where it may not be seen, or is gone."""

    Identifier: str = ""
    Object: NamedPlace | None = None


class ElementsLookedUp(Answer, gc=False):
    """The answer of `elements/multiple`."""

    Items: list[ElementLooked] = msgspec.field(default_factory=list)


def with_elements(
    client: Client, batches: Iterable[pa.RecordBatch], failures: dict[str, PIError]
) -> Iterator[pa.RecordBatch]:
    """Puts names and paths in the place of WebIDs.

    Args:
        client: who to ask.
        batches: their columns of `ELEMENT_FIELDS` hold WebIDs.
        failures: takes what cannot be asked → why; the columns are null then.
    """
    known: dict[str, NamedPlace | None] = {}
    for batch in batches:
        names = [name for name in batch.schema.names if name in ELEMENT_FIELDS]
        handles = {name: batch.column(name).to_pylist() for name in names}
        new = {one for column in handles.values() for one in column if one is not None} - known.keys()
        known |= _looked_up(client, sorted(new), failures)
        arrays = [
            pa.array(list(_told(handles[one.name], known, ELEMENT_FIELDS[one.name])), pa.string())
            if one.name in handles
            else batch.column(one.name)
            for one in batch.schema
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=batch.schema)


def _told(handles: Iterable[str | None], known: Mapping[str, Any], field: str) -> Iterator[str | None]:
    for handle in handles:
        yield getattr(known.get(handle or ""), field, None)


def _looked_up(client: Client, web_ids: list[str], failures: dict[str, PIError]) -> dict[str, NamedPlace | None]:
    found: dict[str, NamedPlace | None] = dict.fromkeys(web_ids)
    calls = list(chunks(web_ids, ELEMENTS_PER_CALL))
    for some in chunks(calls, CALLS_PER_BATCH):
        asks = {}
        for number, call in enumerate(some):
            query = [*(("webId", one) for one in call), ID_ONLY]
            query.append(endpoints.selected("Items.", ("Identifier", "Object.Name", "Object.Path")))
            asks[str(number)] = Ask(endpoints.with_query("elements/multiple", query), f"{len(call)} elements")
        for answer in ask_all(client, asks, ElementsLookedUp, "names of elements").values():
            if isinstance(answer, PIRequestError):
                failures["names of elements that event frames are about"] = answer
            else:
                found |= {item.Identifier: item.Object for item in answer.Items}
    return found
