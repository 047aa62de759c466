"""What must hold for anything at all. A target gets bytes and raises `AssertionError` when the product is wrong.

Any error of the product's own is a right answer; any other is not.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timezone
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import msgspec

from pi_datasource.errors import PIError, PIOffsetError, PIOptionError, PITimeError
from pi_datasource.options import PIOptions
from pi_datasource.options.declare import Given
from pi_datasource.options.settings import DECLARED
from pi_datasource.options.values import parse_list
from pi_datasource.read import cutting
from pi_datasource.read.cursor import Cursor
from pi_datasource.read.cutting import CuttingDecoder, PagedValues
from pi_datasource.read.events import Events
from pi_datasource.read.times import parse_ticks
from pi_datasource.read.values import BatchBuilder
from pi_datasource.resolve.streams import Stream
from pi_datasource.stream.offset import PIOffset
from pi_datasource.tables.registry import table_named
from pi_datasource.times import TimeRange, format_ticks, parse_iso, parse_time
from pi_datasource.webapi import wire
from pi_datasource.webapi.answers import check_answer, decode
from tests.fuzz import reference
from tests.fuzz.reference import RefusedError

BATCH = dict[str, wire.SubAnswer[wire.TimedValues]]
STREAM_KINDS = ("float", "integer", "digital", "text", "time", "blob")
#: Everything that the client decodes.
ANSWERS: tuple[type, ...] = (
    wire.TimedValues, wire.OneValue, wire.NewestOfMany, wire.Points, wire.Point, wire.LookedUp, wire.DataServers,
    wire.Places, wire.PlaceAnswer, wire.AttributesOfElements, wire.AttributesLookedUp, wire.Summaries, wire.TableRows,
    wire.SystemStatus, wire.SystemUser, wire.SystemVersion,
)  # fmt: skip
COLUMNS = table_named("recorded").columns
WIDE = TimeRange(parse_iso("1970-01-01T00:00:00Z"), parse_iso("9999-12-31T00:00:00Z"))
NOW = parse_iso("2026-03-29T12:00:00Z")
ZONES = (timezone.utc, ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns"))

# -- bodies


def recorded(data: bytes) -> None:
    """Rows of a stream's answer are the reference's, or there are none. The first byte says of which kind it is."""
    kind, body = STREAM_KINDS[data[0] % len(STREAM_KINDS)] if data else "float", data[1:]
    try:
        got = _rows_of(kind, body)
    except PIError:
        return
    expected = _reference_rows(kind, body)
    assert got == expected, f"{kind}: {body!r}\ngot      {got - expected}\nexpected {expected - got}"


def _rows_of(kind: str, body: bytes) -> Counter[tuple[Any, ...]]:
    """As the product makes them."""
    answer = decode(body, wire.decoder(wire.TimedValues), "application/json", "asked")
    check_answer(answer, "asked")
    if any(value.Errors for value in answer.Items):
        raise PIError("a value with errors")
    stream = Stream("W", "T", kind)
    page = Cursor(stream, WIDE).take(answer.Items, parse_ticks([value.Timestamp for value in answer.Items]), 10**6)
    batches = BatchBuilder(COLUMNS).batches([page] if page else [])
    names = ("ticks", "value", "value_long", "value_text", "state", "is_system_state", "good", "questionable")
    return Counter(tuple(_comparable(row[name]) for name in names) for batch in batches for row in batch.to_pylist())


def _reference_rows(kind: str, body: bytes) -> Counter[tuple[Any, ...]]:
    try:
        tree = reference.plain(body)
        reference.shaped(tree, wire.TimedValues)
        rows = []
        for item in tree.get("Items", []):
            ticks = reference.ticks_of(item["Timestamp"])
            if WIDE.start <= ticks < WIDE.end:
                cells = reference.cells_of(kind, item.get("Value"))
                flags = (item.get("Good"), item.get("Questionable"))
                rows.append(tuple(map(_comparable, (ticks, *cells, *flags))))
        return Counter(rows)
    except RefusedError as error:
        raise AssertionError(f"read, and the reference refuses it: {error}: {body!r}") from None


def _comparable(value: Any) -> Any:
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else ("float", struct.pack("d", value))
    return (type(value).__name__, value)


def answers(data: bytes) -> None:
    """Any answer decodes to what the reference makes of it, or is refused. The first byte says which it is."""
    kind, body = ANSWERS[data[0] % len(ANSWERS)] if data else wire.TimedValues, data[1:]
    try:
        got = decode(body, wire.decoder(kind), "application/json", "asked")
    except PIError:
        return
    _same(got, kind, body)


def batch(data: bytes) -> None:
    """The same of batch answers; a sub-answer that cannot be read is refused by itself."""
    try:
        got = decode(data, wire.batch_decoder(wire.TimedValues), "application/json", "asked")
    except PIError:
        return
    if not any(isinstance(sub.Content, wire.Unreadable) for sub in got.values()):
        _same(got, BATCH, data)
        return
    tree = json.loads(data.decode("utf-8", "surrogateescape").lstrip("\ufeff"), parse_constant=str)
    assert set(tree) == set(got)
    for key, sub in got.items():
        if not isinstance(sub.Content, wire.Unreadable):
            _same({key: sub}, BATCH, json.dumps({key: tree[key]}).encode())


def _same(got: Any, kind: Any, body: bytes) -> None:
    try:
        expected = reference.shaped(reference.plain(body), kind)
    except RefusedError as error:
        raise AssertionError(f"read, and the reference refuses it: {error}: {body!r}") from None
    assert repr(got) == repr(expected), f"{body!r}\ngot      {got!r}\nexpected {expected!r}"


def cut(data: bytes) -> None:
    """A body of events that can be cut apart holds the same events as when it is decoded."""
    with mock.patch.object(cutting, "MOST_ODD", 1.0):
        found = CuttingDecoder(PAGES)._cut(data)
    if found is None:
        return
    expected = PAGES.decode(data)
    assert _events_of(found) == _events_of(expected), data


PAGES = msgspec.json.Decoder(dict[str, wire.SubAnswer[PagedValues]])


def _events_of(answer: dict[str, Any]) -> dict[str, Any]:
    """All that is in it."""
    found: dict[str, Any] = {}
    for key, sub in answer.items():
        items = sub.Content.Items if isinstance(sub.Content, PagedValues) else []
        fields = [[repr(getattr(item, name)) for name in item.__struct_fields__] for item in items]
        ticks = items.ticks if isinstance(items, Events) else parse_ticks([item.Timestamp for item in items])
        rest = repr(msgspec.structs.replace(sub.Content, Items=[]) if items else sub.Content)
        found[key] = (sub.Status, sub.Headers, rest, fields, ticks.tolist())
    return found


# -- texts


def pi_time(data: bytes) -> None:
    """PI's time text is an instant or a PITimeError, in every zone; what we write we read back."""
    text = data.decode("utf-8", "replace")
    for zone in ZONES:
        with contextlib.suppress(PITimeError):
            ticks = parse_time(text, NOW, zone)
            assert type(ticks) is int
            assert parse_time(format_ticks(ticks), NOW, zone) == ticks


def server_time(data: bytes) -> None:
    """The fast reader of times and the slow one agree."""
    texts = data.decode("utf-8", "replace").split("\n")
    try:
        got = parse_ticks(texts).tolist()
    except PIError:
        return
    expected = [reference.ticks_of(text) for text in texts]
    assert got == expected, texts


LISTED = next(option for option in DECLARED if option.name == "tags")


def _require(held: bool) -> None:
    assert held


def tag_list(data: bytes) -> None:
    """A list of tags: what went in as JSON comes out; a text without commas is one tag; or an error that names it."""
    text = data.decode("utf-8", "replace")
    try:
        names = parse_list(Given(LISTED, text))
    except PIOptionError as error:
        _require("option tags" in str(error))
        return
    assert all(name == name.strip() != "" for name in names)
    assert len(set(names)) == len(names)
    assert parse_list(Given(LISTED, json.dumps(list(names)))) == names
    if not text.lstrip().startswith("["):
        assert list(names) == list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


OPTION_NAMES = [option.name for option in DECLARED]


def options(data: bytes) -> None:
    """Options, whatever they are: parsed or a PIOptionError, and no secret in either. Lines of `name=value`.

    A name that is a number stands for the option of that number.
    """
    raw = {"url": "https://pi.example.com"}
    for line in data.decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition("=")
        if name.isascii() and name.isdigit() and len(name) < 4:
            name = OPTION_NAMES[int(name) % len(OPTION_NAMES)]
        raw[name] = value
    secret = "canary-S3cret"
    raw["password" if "username" in raw else "token"] = secret
    try:
        made = PIOptions.parse(raw, now=NOW, environ={})
        _require(secret not in repr(made))
    except PIOptionError as error:
        _require(secret not in str(error))


def offset(data: bytes) -> None:
    """An offset of a checkpoint: read and written again to the same, or a PIOffsetError."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        found = PIOffset.from_dict(told)
    except PIOffsetError:
        return
    if found is not None:
        again = found.to_dict()
        assert PIOffset.from_dict(json.loads(json.dumps(again))) == found
        assert json.dumps(again) == json.dumps(PIOffset.from_dict(again).to_dict())  # type: ignore[union-attr]


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one for one in (recorded, answers, batch, cut, pi_time, server_time, tag_list, options, offset)
}

# -- good inputs to begin with

_SAMPLES = [
    '{"Links": {}, "Items": [{"Timestamp": "2026-01-01T00:00:00Z", "Value": 80.0, "UnitsAbbreviation": "", '
    '"Good": true, "Questionable": false, "Substituted": false}, '
    '{"Timestamp": "2026-01-01T00:00:00.1234567Z", "Value": -1.5e-7, "Good": true}], "UnitsAbbreviation": ""}',
    '{"Items": [{"Timestamp": "2026-01-01T00:00:01Z", "Value": {"Name": "I/O Timeout", "Value": 246, "IsSystem": '
    'true}, "Good": false}, {"Timestamp": "2026-01-01T00:00:02Z", "Value": {"Errors": ["Calculation failed."]}}]}',
    '{"Items": [{"Timestamp": "2026-01-01T00:00:03Z", "Value": 9007199254740993}, {"Timestamp": '
    '"2026-01-01T00:00:03Z", "Value": 100}, {"Timestamp": "2026-01-01T00:00:04Z", "Value": "NaN"}, '
    '{"Timestamp": "2026-01-02T00:00:00Z", "Value": [1, 2, 255]}, {"Timestamp": '
    '"9999-01-03T00:00:00Z", "Value": null}]}',
    '{"Items": [{"Timestamp": "2026-01-01T00:00:03Z", "Value": "t\\u00e4xt \\ud83d\\ude00"}, '
    '{"Timestamp": "2026-01-01T00:00:04Z", "Value": true, "Annotated": false}]}',
    '{"WebException": {"StatusCode": 500, "Errors": ["x"]}, "Items": []}',
]
_ANSWERS = [
    '{"Links": {}, "Items": [{"WebId": "F1DP", "Id": 8, "Name": "CDT158", "Path": "\\\\\\\\S\\\\CDT158", "PointType": '
    '"Float32", "Step": false, "Future": false, "Descriptor": "d", "EngineeringUnits": "C", "IsConnected": true, '
    '"ServerTime": "2026-01-01T00:00:00Z", "Type": "Count", "Value": {"Timestamp": "2026-01-01T00:00:00Z", '
    '"Value": 3}, "Items": [], "Identifier": "x", "Object": {"WebId": "w"}, "Exception": {"Errors": ["no"]}}]}',
    '{"WebId": "w", "Path": "p", "Timestamp": "2026-01-01T00:00:00Z", "Value": {"Name": "On", "Value": 1}, '
    '"Columns": {"A": "Double"}, "Rows": [{"A": 1.5}], "ProductTitle": "PI", "UpTimeInMinutes": 3, "Name": "me"}',
]
_OFFSETS = [
    PIOffset(NOW, {}).to_dict(), {"v": 1, "init": True},
]  # fmt: skip
_TIMES = [
    "*", "*-1d", "t+8h", "y", "monday", "1-Jan-2026 08:00", "2026-03-29T02:30:00", "2026-01-31 +1mo-1s", "*-1h30m",
    "jan 6",
]  # fmt: skip


def seeds(name: str) -> list[bytes]:
    """Good inputs of a target."""
    if name == "recorded":
        return [bytes([kind]) + body.encode() for kind in range(len(STREAM_KINDS)) for body in _SAMPLES]
    if name == "answers":
        return [bytes([kind]) + body.encode() for kind in range(len(ANSWERS)) for body in (*_ANSWERS, _SAMPLES[0])]
    if name == "batch":
        subs = [{"Status": 200, "Headers": {}, "Content": json.loads(body)} for body in _SAMPLES]
        odd = [{"Status": 409, "Headers": {"A": "b"}, "Content": "parents"}, {"Status": 204}]
        return [
            json.dumps({str(n): sub for n, sub in enumerate([*some, *odd])}).encode() for some in (subs, subs[:1], [])
        ]
    if name == "cut":
        return [_written(1), _written(3)]
    if name == "server_time":
        return [b"2026-01-01T00:00:00Z\n2026-01-01T00:00:00.1234567Z", b"9999-12-31T23:59:59.9999999Z"]
    if name == "offset":
        return [json.dumps(one).encode() for one in _OFFSETS]
    texts = {
        "pi_time": _TIMES,
        "tag_list": ["SINUSOID, CDT158", '["a,b", "c"]', "\\\\srv\\tag", "[x]"],
        "options": [
            "tags=A\nstartTime=*-1d",
            "table=summary\ninterval=1h",
            "1=x\n2=y",
            'headers={"A": "b"}',
            "pageSize=1_000",
        ],
    }[name]
    return [text.encode() for text in texts]


def _written(streams: int) -> bytes:
    """A batch answer as PI Web API writes it: without blanks, most events alike."""
    flags = {"Good": True, "Questionable": False}
    values = [
        1.5,
        -2,
        1e-7,
        0.25,
        17,
        "text",
        {"Name": "On", "Value": 1, "IsSystem": False},
        None,
        1e3,
        0.0,
        True,
        -0.5,
    ]
    items = [{"Timestamp": f"2026-01-01T00:00:{n:02}.{n}5Z", "Value": value, **flags} for n, value in enumerate(values)]
    items[3]["Good"], items[7]["Questionable"] = False, True
    subs = {str(n): {"Status": 200, "Headers": {}, "Content": {"Items": items}} for n in range(streams)}
    return json.dumps(subs, separators=(",", ":")).encode()


def kept(name: str) -> list[bytes]:
    """Inputs that once broke a target."""
    return [path.read_bytes() for path in sorted((Path(__file__).parent / "seeds" / name).glob("*"))]


#: What bodies are made worse with.
TOKENS = [
    b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"1E5", b"0.1",
    b"\\ud800", b"\\udc00", b"\\u0000", b"\xff", b"\xef\xbb\xbf", b'"Items"', b'"Value"', b'"Timestamp"', b'"Good"',
    b'"Errors": ["x"], ', b'"Items": [], ', b"\x00", b" ", b"12345678901234567890", b"9" * 400, b"Z", b"+01:00", b"-",
    b"T", b"{}", b"[]", b"e",
]  # fmt: skip


def worse(good: bytes, chance: random.Random) -> bytes:
    """A good input, changed here and there."""
    body = bytearray(good)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(body) + 1)
        after = min(len(body), at + chance.choice((0, 1, 1, 2, 5, 30)))
        what = chance.randrange(6)
        if what == 0 and body:
            body[at % len(body)] ^= 1 << chance.randrange(8)
        elif what == 1:
            del body[at:after]
        elif what == 2:
            body[at:at] = body[at:after]
        elif what == 3:
            body[at:after] = chance.choice(TOKENS)
        elif what == 4:
            other = chance.randrange(len(body) + 1)
            body[at:at] = body[other : other + chance.randrange(40)]
        else:
            _swap_value(body, chance)
    return bytes(body)


def _swap_value(body: bytearray, chance: random.Random) -> None:
    """Puts a token behind a colon: the likeliest place for a value that still is JSON."""
    colons = [at for at, byte in enumerate(body) if byte == ord(":")]
    if colons:
        at = chance.choice(colons) + 1
        after = min((body.find(mark, at) for mark in b",}]" if body.find(mark, at) > 0), default=len(body))
        body[at:after] = chance.choice(TOKENS)


def mutations(name: str, count: int, seed: int) -> Iterator[bytes]:
    """Inputs of a target: the good ones, and worse ones of them."""
    good = seeds(name)
    yield from good
    yield from kept(name)
    chance = random.Random(seed)
    for _ in range(count):
        yield worse(chance.choice(good), chance)
