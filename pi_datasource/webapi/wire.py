"""The answers of PI Web API as typed structures, decoded by msgspec straight from the bytes.

Field names are PI's own. Unknown fields are skipped (the vendor promises that new ones may come), a field of another
type than said here is refused, which the client reports as an answer it cannot use. `gc=False` because none of these
can be part of a reference cycle, and a page holds a hundred thousand of them.

Sources: PI Web API reference, per-controller pages; "Errors" and "WebException" as the topics "Value-level errors"
and "WebException" describe them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Generic, Protocol, TypeVar

import msgspec

__all__ = [
    "AnnotatedValue",
    "AnnotatedValues",
    "Annotation",
    "Answer",
    "Attribute",
    "AttributeLooked",
    "AttributesLookedUp",
    "AttributesOfElements",
    "DataServer",
    "DataServers",
    "Decoder",
    "FieldError",
    "LateFailure",
    "Looked",
    "LookedUp",
    "NamedPlace",
    "NewestOfMany",
    "NewestOfStream",
    "OneValue",
    "PIValue",
    "PlaceAnswer",
    "Places",
    "Point",
    "Points",
    "State",
    "SubAnswer",
    "Summaries",
    "Summary",
    "SystemStatus",
    "SystemUser",
    "SystemVersion",
    "TableRows",
    "TimedValue",
    "TimedValues",
    "Unreadable",
    "batch_decoder",
    "decoded_by",
    "decoder",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class LateFailure(msgspec.Struct, gc=False):
    """A failure after the status line was sent: the HTTP status is 200 all the same (since 2017 R2)."""

    StatusCode: int = 500
    Errors: list[str] | str | None = None


class Answer(msgspec.Struct, gc=False):
    """What any body may hold besides its data: the server's words when something failed."""

    Errors: list[str] | str | None = None
    Message: str | None = None
    WebException: LateFailure | None = None


class Unreadable(Answer, gc=False):
    """Whole JSON that is not what it should be: the answer to one question of several. `Message` says what is wrong."""


class FieldError(msgspec.Struct, gc=False):
    """One field of a value that could not be read."""

    FieldName: str | None = None
    Message: list[str] | str | None = None


class State(msgspec.Struct, gc=False):
    """A value that is an object: a digital state (`IsSystem` false), a system state (true), or `Errors` alone."""

    Name: str | None = None
    Value: Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)] | None = None
    IsSystem: bool | None = False
    Errors: list[str] | str | None = None


#: What a value can be.
PIValue = float | int | str | bool | State | list[Any] | None


class TimedValue(msgspec.Struct, gc=False):
    """One event. A flag that the server left out stays None; it is never made up."""

    Timestamp: str
    Value: PIValue = None
    Good: bool | None = None
    Questionable: bool | None = None
    Substituted: bool | None = None
    Annotated: bool | None = None
    Errors: list[FieldError] | None = None


class Annotation(msgspec.Struct, gc=False):
    """A note on an event. Its value is a text as a rule, and may be anything."""

    Id: str | None = None
    Name: str | None = None
    Description: str | None = None
    Value: Any = None
    Creator: str | None = None
    CreationDate: str | None = None
    Modifier: str | None = None
    ModifyDate: str | None = None
    Errors: list[str] | str | None = None


class AnnotatedValue(TimedValue, gc=False):
    """An event with its notes."""

    Annotations: list[Annotation] | None = None


class TimedValues(Answer, gc=False):
    """Events of one stream. `Items` may be missing altogether when selectedFields leave nothing."""

    Items: list[TimedValue] = []


class AnnotatedValues(TimedValues, gc=False):
    """Events of one stream with their notes: asked for only where they are wanted, as decoding them costs more."""

    Items: list[AnnotatedValue] = []  # type: ignore[assignment]


class OneValue(Answer, gc=False):
    """One event as a body of its own; without a time where there is none."""

    Timestamp: str = ""
    Value: PIValue = None
    Good: bool | None = None
    Questionable: bool | None = None
    Substituted: bool | None = None
    Annotated: bool | None = None
    Errors: list[FieldError | str] | str | None = None  # type: ignore[assignment]


class NewestOfStream(msgspec.Struct, gc=False):
    """The newest event of one stream of several; some servers send it as a list."""

    WebId: str = ""
    Value: TimedValue | None = None
    Items: list[TimedValue] = []
    Errors: list[str] | str | None = None


class NewestOfMany(Answer, gc=False):
    """The answer of `streamsets/end`."""

    Items: list[NewestOfStream] = []


class Point(Answer, gc=False):
    """A PI point's own attributes."""

    WebId: str = ""
    Id: int = 0
    Name: str = ""
    Path: str = ""
    Descriptor: str = ""
    PointType: str = ""
    EngineeringUnits: str = ""
    Step: bool = False
    Future: bool = False


class Points(Answer, gc=False):
    """A page of points."""

    Items: list[Point] = []


class Looked(msgspec.Struct, gc=False):
    """One identifier of a `points/multiple` call: the point, or why there is none."""

    Identifier: str = ""
    Object: Point | None = None
    Exception: Answer | None = None


class LookedUp(Answer, gc=False):
    """The answer of `points/multiple`."""

    Items: list[Looked] = []


class DataServer(Answer, gc=False):
    """A PI Data Archive as PI Web API knows it."""

    WebId: str = ""
    Name: str = ""
    IsConnected: bool = True
    ServerTime: str = ""


class DataServers(Answer, gc=False):
    """All data servers that PI Web API knows."""

    Items: list[DataServer] = []


class NamedPlace(msgspec.Struct, gc=False):
    """An AF server or database in a list."""

    WebId: str = ""
    Name: str = ""
    Path: str = ""


class Places(Answer, gc=False):
    """AF servers, or databases of one."""

    Items: list[NamedPlace] = []


class PlaceAnswer(Answer, gc=False):
    """One element, as far as it is a place to look below."""

    WebId: str = ""
    Path: str = ""


class Attribute(Answer, gc=False):
    """An AF attribute, as far as it is read as a stream."""

    WebId: str | None = None
    Path: str | None = None
    Type: str | None = None
    DefaultUnitsNameAbbreviation: str | None = None
    DataReferencePlugIn: str | None = None
    HasChildren: bool | None = None
    Description: str | None = None


class AttributesOfElements(Answer, gc=False):
    """A page of attributes."""

    Items: list[Attribute] = []


class AttributeLooked(msgspec.Struct, gc=False):
    """One identifier of an `attributes/multiple` call."""

    Identifier: str = ""
    Object: Attribute | None = None
    Exception: Answer | None = None


class AttributesLookedUp(Answer, gc=False):
    """The answer of `attributes/multiple`."""

    Items: list[AttributeLooked] = []


class Summary(msgspec.Struct, gc=False):
    """One summary of one interval."""

    Type: str = ""
    Value: TimedValue | None = None
    Errors: list[FieldError] | None = None


class Summaries(Answer, gc=False):
    """The answer of `streams/{webId}/summary`."""

    Items: list[Summary] = []


class TableRows(Answer, gc=False):
    """The answer of `tables/{webId}/data`: name → type of the columns, and the rows by these names."""

    Columns: dict[str, str] = {}
    Rows: list[dict[str, Any]] = []


class SystemVersion(Answer, gc=False):
    """The answer of `system`."""

    ProductTitle: str | None = None
    ProductVersion: str | None = None


class SystemStatus(Answer, gc=False):
    """The answer of `system/status`; `ServerTime` since 2018."""

    UpTimeInMinutes: float | None = None
    State: str | None = None
    ServerTime: str | None = None


class SystemUser(Answer, gc=False):
    """The answer of `system/userinfo`."""

    IdentityType: str | None = None
    Name: str | None = None
    IsAuthenticated: bool | None = None


class SubAnswer(msgspec.Struct, Generic[T], gc=False):
    """One sub-request's answer inside a batch: its own status, its own headers, and a body, a text, or nothing."""

    Status: int
    Headers: dict[str, str] = {}
    Content: T | str | None = None


class Decoder(Protocol[T_co]):
    """Decodes bodies of one type."""

    @property
    def type(self) -> Any:
        """What a body is decoded to."""
        ...

    def decode(self, body: bytes | bytearray, /) -> T_co:
        """The body as data.

        Raises:
            msgspec.MsgspecError: it is none.
        """
        ...


_decoders: dict[object, Decoder[object]] = {}
#: Kinds that are decoded otherwise → what makes a decoder of msgspec's.
_ways: dict[object, Callable[[Any], Decoder[Any]]] = {}


def decoded_by(kind: type[Answer], way: Callable[[Any], Decoder[Any]]) -> None:
    """Decodes this kind, alone and in batches, by what `way` makes of msgspec's decoder."""
    _ways[kind] = way


def decoder(kind: type[T]) -> Decoder[T]:
    """The decoder of a body of this kind; made once, since building one costs more than a small answer."""
    return _decoder(kind, kind)


def batch_decoder(kind: type[T]) -> Decoder[dict[str, SubAnswer[T]]]:
    """The decoder of a batch answer whose sub-answers are all of this kind."""
    return _decoder(dict[str, SubAnswer[kind]], kind)  # type: ignore[valid-type]


def _decoder(whole: Any, kind: object) -> Decoder[Any]:
    if whole not in _decoders:
        made = msgspec.json.Decoder(whole)
        _decoders[whole] = _ways[kind](made) if kind in _ways else made
    return _decoders[whole]
