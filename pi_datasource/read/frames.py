"""Attribute values of event frames in bulk: pages of frames, and the values of many frames in one batch request.

Asked is `streamsets/{frame}/value`, a sub-request for each frame, a hundred frames in a request. It gives the values
that the server holds for the frame (captured, or at its end) with their units. The other ways cost more: reading
`…/eventframeattributes` and then `streamsets/value?webId=…` takes as many requests for the values and as many again
for the attributes, and that list knows no order of time. A stream set says nothing of types; the type of an attribute
that comes from a template is the same in all frames of the template, so it is asked once for each template in a part
of the search; for frames without a template, and attributes of a frame's own, it is asked for the frame.

Attributes inside others come, too; those that are hidden or excluded do not, as PI leaves them out of stream sets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from pi_datasource.columns import Column, arrow_schema
from pi_datasource.errors import PIBadAnswerError, PIError, PIRequestError
from pi_datasource.read.cursor import Page
from pi_datasource.read.listing import ListReader
from pi_datasource.read.objects import Field, batch_of
from pi_datasource.read.questions import with_words
from pi_datasource.read.times import parse_ticks
from pi_datasource.read.values import FLAG_FIELDS, VALUE_COLUMNS, BatchBuilder
from pi_datasource.resolve.places import ID_ONLY
from pi_datasource.resolve.streams import Stream, kind_of
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Answer, PIValue, TimedValue

__all__ = ["ATTRIBUTE_COLUMNS", "FrameValue", "FrameValues", "ValuePage", "value_batch"]

#: Attributes of a frame whose types are asked at once.
MOST_ATTRIBUTES = 1_000


class FrameValue(TimedValue, gc=False):
    """A value of an attribute, with its unit; arrays of any kind can be values."""

    Value: PIValue = None
    UnitsAbbreviation: str | None = None


class FrameAttribute(msgspec.Struct, gc=False):
    """An attribute of a frame: its value in a stream set, its type and unit in a list of attributes."""

    WebId: str = ""
    Name: str = ""
    Path: str = ""
    Type: str | None = None
    DefaultUnitsNameAbbreviation: str | None = None
    Links: dict[str, Any] | None = None
    Value: FrameValue | None = None

    @property
    def key(self) -> str:
        """Its name, behind those of the attributes above it."""
        return self.Path.partition("|")[2].lower()


class FrameAttributes(Answer, gc=False):
    """Attributes of one frame."""

    Items: list[FrameAttribute] = msgspec.field(default_factory=list)


class Declared(NamedTuple):
    """What is known of an attribute besides its value."""

    type: str | None = None
    uom: str | None = None


class Row(NamedTuple):
    """An attribute of a frame, and what is known of it."""

    frame: int
    attribute: FrameAttribute
    declared: Declared


@dataclass
class ValuePage:
    """Values of some frames of one list.

    Attributes:
        frames: the frames.
        rows: their values.
        place: column → value of all of the list.
        unread: numbers of those frames whose values cannot be read.
    """

    frames: list[Any]
    rows: list[Row]
    place: Mapping[str, Any]
    unread: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.rows)


#: Columns of an attribute that do not come with its value.
ATTRIBUTE_COLUMNS = {
    "attribute": lambda row: row.attribute.Name,
    "path": lambda row: row.attribute.Path,
    "type": lambda row: row.declared.type,
    "uom": lambda row: row.attribute.Value.UnitsAbbreviation or row.declared.uom,
    "web_id": lambda row: row.attribute.WebId,
}


@dataclass
class FrameValues:
    """Reads a list of frames and the values of their attributes, in rounds; see `Rounds`.

    Attributes:
        client: who to ask.
        lists: the frames.
        names: patterns of attribute names; empty for all.
        together: frames in one request.
        described: types and units are wanted, too.
        hidden: hidden attributes, too.
        failures: what could not be read → why, since this was last emptied.
    """

    client: Client
    lists: ListReader
    names: tuple[str, ...] = ()
    together: int = 100
    described: bool = True
    hidden: bool = False
    failures: dict[str, PIError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._place = dict(self.lists.listings[0].place)
        self._what = f"values of {self.lists.listings[0].what}"
        self._left: deque[Any] = deque()
        self._of_template: dict[tuple[str, str], Declared] = {}
        self._templates: set[str] = set()

    @property
    def done(self) -> bool:
        """Whether all has been read."""
        return self.lists.done and not self._left

    def fetch(self) -> Any:
        """Asks the next page of frames, or the values of some frames.

        Raises:
            PIRequestError: the server could not be asked.
        """
        if not self.lists.done and len(self._left) < self.together:
            return self.lists.fetch()
        return self._values([self._left.popleft() for _ in range(min(self.together, len(self._left)))])

    def take(self, fetched: Any) -> list[ValuePage]:
        """Moves on by what came. Returns the values in it."""
        if isinstance(fetched, ValuePage):
            return [fetched]
        for page in self.lists.take(fetched):
            self._left.extend(page.items)
        self.failures |= self.lists.failures
        self.lists.failures = {}
        return []

    def _values(self, frames: list[Any]) -> ValuePage:
        asks: dict[str, Ask] = {}
        for number, frame in enumerate(frames):
            for one, name in enumerate(self.names or ("",)):
                asks[f"v{number}.{one}"] = Ask(_values_route(frame.WebId, name, self.hidden), frame.Name)
        described = self._undescribed(frames) if self.described else []
        asks |= {f"d{number}": Ask(_types_route(frames[number].WebId), frames[number].Name) for number in described}
        answers = ask_all(self.client, asks, FrameAttributes, self._what)
        own = {number: self._learned(frames[number], answers[f"d{number}"]) for number in described}
        found: dict[int, list[FrameAttribute]] = {}
        for number, frame in enumerate(frames):
            got = [answers[f"v{number}.{one}"] for one in range(len(self.names or ("",)))]
            try:
                found[number] = _attributes_of(frame, got)
            except PIRequestError as error:
                self.failures[f"values of event frame {frame.Name} ({frame.WebId})"] = error
        if self.described:
            self._describe_rest(frames, found, own)
        rows = [
            Row(number, attribute, self._declared(frames[number], attribute, own.get(number)))
            for number, attributes in found.items()
            for attribute in attributes
        ]
        return ValuePage(frames, rows, self._place, frozenset(range(len(frames))) - found.keys())

    def _undescribed(self, frames: Sequence[Any]) -> list[int]:
        """Those whose attributes have to be asked for: the first one of each template, and all without one."""
        numbers = []
        for number, frame in enumerate(frames):
            template = frame.TemplateName or ""
            if template not in self._templates:
                numbers.append(number)
                if template:
                    self._templates.add(template)
        return numbers

    def _describe_rest(
        self, frames: Sequence[Any], found: Mapping[int, Sequence[FrameAttribute]], own: dict[int, Any]
    ) -> None:
        """Asks for the types of those attributes that are not their template's."""
        rest = [
            number
            for number, attributes in found.items()
            if number not in own and any(self._declared(frames[number], one, None).type is None for one in attributes)
        ]
        asks = {str(number): Ask(_types_route(frames[number].WebId), frames[number].Name) for number in rest}
        if asks:
            answers = ask_all(self.client, asks, FrameAttributes, self._what)
            own |= {number: self._learned(frames[number], answers[str(number)]) for number in rest}

    def _learned(self, frame: Any, answer: FrameAttributes | PIRequestError) -> dict[str, Declared]:
        """The frame's own attributes; those of its template are kept for others. Nothing where it cannot be asked."""
        own = {}
        if not isinstance(answer, PIRequestError):
            for one in answer.Items:
                declared = Declared(one.Type, one.DefaultUnitsNameAbbreviation)
                own[one.key] = declared
                if frame.TemplateName and one.Links and one.Links.get("Template"):
                    self._of_template[frame.TemplateName, one.key] = declared
        return own

    def _declared(self, frame: Any, attribute: FrameAttribute, own: Mapping[str, Declared] | None) -> Declared:
        if own and attribute.key in own:
            return own[attribute.key]
        return self._of_template.get((frame.TemplateName or "", attribute.key), Declared())


def _values_route(web_id: str, name: str, hidden: bool) -> str:
    query = [ID_ONLY, ("searchFullHierarchy", "true"), *([("nameFilter", name)] if name else [])]
    query += [("showHidden", "true")] if hidden else []
    fields = ("WebId", "Name", "Path", "Value")
    return endpoints.with_query(f"streamsets/{web_id}/value", [*query, endpoints.selected("Items.", fields)])


def _types_route(web_id: str) -> str:
    fields = ("WebId", "Path", "Type", "DefaultUnitsNameAbbreviation", "Links.Template")
    query = [
        ID_ONLY, ("searchFullHierarchy", "true"), ("maxCount", str(MOST_ATTRIBUTES)),
        endpoints.selected("Items.", fields),
    ]  # fmt: skip
    return endpoints.with_query(f"eventframes/{web_id}/attributes", query)


def _attributes_of(frame: Any, answers: Sequence[FrameAttributes | PIRequestError]) -> list[FrameAttribute]:
    """The attributes in the answers about a frame, each once.

    Raises:
        PIRequestError: one of them is none.
    """
    found: dict[str, FrameAttribute] = {}
    for answer in answers:
        if isinstance(answer, PIRequestError):
            raise answer
        for one in answer.Items:
            if one.Value is None:
                raise PIBadAnswerError(f"event frame {frame.Name}: attribute {one.Name} comes without a value")
            if _belongs(one.WebId, frame.WebId):
                found[one.WebId] = one
    return list(found.values())


def _belongs(attribute: str, frame: str) -> bool:
    """Whether an attribute is the frame's own: `searchFullHierarchy` may add those of frames inside.

    WebIDs of ids alone hold the server's id, the frame's and the attribute's, 22 characters each.
    """
    if not (attribute.startswith("I1AbF") and frame.startswith("I1Fm")):
        return True
    return attribute[5:49] == frame[4:48]


def value_batch(columns: Sequence[Column], fields: Mapping[str, Field], page: ValuePage) -> list[pa.RecordBatch]:
    """The rows of a page.

    Args:
        columns: the columns wanted, in order.
        fields: those of frames, by column.
        page: what was read.
    """
    rows = sorted(page.rows, key=lambda row: kind_of(row.declared.type or ""))
    if not rows:
        return []
    ours = [one for one in columns if one.name in {*VALUE_COLUMNS, *FLAG_FIELDS, "timestamp", "ticks"}]
    if not any(one.name == "ticks" for one in ours):
        ours.append(Column("ticks", "bigint", ""))
    of_frames = [one for one in columns if one.name in fields or one.name in page.place]
    frames = batch_of(of_frames, fields, page.frames, page.place) if of_frames else None
    schema = arrow_schema(columns)
    batches = []
    first = 0
    for values in BatchBuilder(ours).batches(_pages(rows)):
        some = rows[first : first + values.num_rows]
        first += values.num_rows
        owners = pa.array(np.fromiter((row.frame for row in some), np.int32, len(some)))
        arrays = []
        for one in schema:
            if one.name in ATTRIBUTE_COLUMNS:
                arrays.append(pa.array([ATTRIBUTE_COLUMNS[one.name](row) for row in some], one.type))
            elif frames is not None and one.name in frames.schema.names:
                arrays.append(frames.column(one.name).take(owners))
            elif one.name in values.schema.names:
                arrays.append(values.column(one.name))
            else:
                arrays.append(pa.nulls(len(some), one.type))
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return batches


def _pages(rows: Sequence[Row]) -> list[Page]:
    """The values, a page for each kind, in the order of the rows."""
    by_kind: dict[str, list[TimedValue]] = {}
    for row in rows:
        assert row.attribute.Value is not None
        by_kind.setdefault(kind_of(row.declared.type or ""), []).append(with_words(row.attribute.Value))
    return [
        Page(Stream("", "", kind), values, parse_ticks([one.Timestamp for one in values]))
        for kind, values in by_kind.items()
    ]
