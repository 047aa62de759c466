"""The least that a read can cost: fetch alone, decode alone, Spark alone, each in seconds of processor.

The floor of a read is their sum, divided by the cores where it is compared with a clock. The bodies are those that the
reader itself asked for, kept from one run; the decoder here is another one than the reader's: as lean as it can be for
answers known to be whole, in the order of time, and without errors.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import pyarrow as pa

from pi_datasource.datasource import PIDataSource
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.sessions import session
from tests.benchmarks.measure import Run


@dataclass
class Exchange:
    """A request and the body that came back."""

    method: str
    route: str
    body: bytes
    content: bytes


@dataclass
class Reading:
    """What the reader did once: its requests, and its batches by partition."""

    client: Client
    exchanges: list[Exchange]
    partitions: list[list[pa.RecordBatch]]
    planned: int

    @property
    def rows(self) -> int:
        """Rows of all batches."""
        return sum(batch.num_rows for batches in self.partitions for batch in batches)


def reader_of(options: dict[str, str]) -> Any:
    """The reader that Spark would get."""
    source = PIDataSource({name.lower(): value for name, value in options.items()})
    return source.reader(source.schema())


def read_once(options: dict[str, str]) -> Reading:
    """Reads in this process and keeps everything."""
    exchanges: list[Exchange] = []
    with _recording(exchanges):
        reader = reader_of(options)
        planned = reader.partitions()
        asked = len(exchanges)
        partitions = [list(reader.read(partition)) for partition in planned]
    return Reading(Client(reader.request.options.connection), exchanges[asked:], partitions, len(planned))


@contextlib.contextmanager
def _recording(exchanges: list[Exchange]) -> Iterator[None]:
    real = Client._exchange

    def keep(self: Client, used: Any, method: str, route: str, body: bytes, asked: str) -> Any:
        answer = real(self, used, method, route, body, asked)
        exchanges.append(Exchange(method, route, body, bytes(answer[2])))
        return answer

    with mock.patch.object(Client, "_exchange", keep):
        yield


def reader_alone(options: dict[str, str]) -> Run:
    """The whole reader, planning included, without Spark."""
    began, used = time.perf_counter(), time.process_time()
    reader = reader_of(options)
    rows = sum(batch.num_rows for partition in reader.partitions() for batch in reader.read(partition))
    return Run(rows, time.perf_counter() - began, time.process_time() - used)


def fetch_alone(reading: Reading) -> Run:
    """The same requests with the same client; bodies are thrown away."""
    began, used = time.perf_counter(), time.process_time()
    size = 0
    for one in reading.exchanges:
        with session(reading.client.connection) as taken:
            _, _, content = reading.client._exchange(taken, one.method, one.route, one.body, "benchmark")
        size += len(content)
    if size != sum(len(one.content) for one in reading.exchanges):
        raise SystemExit("the server did not answer the same twice")
    return Run(reading.rows, time.perf_counter() - began, time.process_time() - used)


class State(msgspec.Struct, gc=False):
    """A digital or system state."""

    Name: str | None = None
    Value: int | None = None
    IsSystem: bool = False


class Item(msgspec.Struct, gc=False):
    """One event."""

    Timestamp: str
    Value: float | int | str | bool | State | None = None
    Good: bool = True
    Questionable: bool = False
    Substituted: bool = False
    Annotated: bool = False


class Answer(msgspec.Struct, gc=False):
    """Events of a stream."""

    Items: list[Item] = []


class Sub(msgspec.Struct, gc=False):
    """One answer of a batch."""

    Content: Answer | None = None


_BATCH, _ONE = msgspec.json.Decoder(dict[str, Sub]), msgspec.json.Decoder(Answer)


def decode_alone(reading: Reading) -> Run:
    """The same bodies into record batches of the same columns; the rows that overlap between pages come twice."""
    began, used = time.perf_counter(), time.process_time()
    rows = 0
    for one in reading.exchanges:
        if one.method == "POST":
            answers = [sub.Content for sub in _BATCH.decode(one.content).values() if sub.Content is not None]
        else:
            answers = [_ONE.decode(one.content)]
        rows += _columns(answers).num_rows
    if rows < reading.rows:
        raise SystemExit(f"decoded {rows:,} rows instead of {reading.rows:,}")
    return Run(reading.rows, time.perf_counter() - began, time.process_time() - used)


def _columns(answers: list[Answer]) -> pa.RecordBatch:
    items = list(chain.from_iterable([answer.Items for answer in answers]))
    counts = [len(answer.Items) for answer in answers]
    ticks = np.asarray(pa.array([i.Timestamp for i in items], pa.string()).cast(pa.timestamp("ns", "UTC")))
    ticks = ticks.view("i8") // 100
    values = [i.Value for i in items]
    numbers, texts, codes = values, None, None
    odd = [number for number, value in enumerate(values) if value.__class__ is not float]
    if odd:
        numbers, texts, codes = list(values), [None] * len(values), [None] * len(values)
        for number in odd:
            value = values[number]
            if value.__class__ is State:
                texts[number], codes[number], numbers[number] = value.Name, value.Value, None
            elif value.__class__ is str:
                texts[number], numbers[number] = value, None
    flags = [
        pa.array(np.frombuffer(bytes(some), np.bool_))
        for some in (
            [i.Good for i in items], [i.Questionable for i in items],
            [i.Substituted for i in items], [i.Annotated for i in items],
        )
    ]  # fmt: skip
    tag = pa.array([str(number) for number in range(len(answers))])
    whose = pa.array(np.repeat(np.arange(len(answers), dtype=np.int32), counts))
    nothing = len(items)
    columns = {
        "tag": tag.take(whose),
        "timestamp": pa.array(ticks // 10, pa.int64()).cast(pa.timestamp("us", "UTC")),
        "ticks": pa.array(ticks),
        "seq": pa.array(np.zeros(len(items), np.int32)),
        "value": pa.array(numbers, pa.float64()),
        "value_long": pa.nulls(nothing, pa.int64()),
        "value_text": pa.nulls(nothing, pa.string()) if texts is None else pa.array(texts, pa.string()),
        "state": pa.nulls(nothing, pa.int32()) if codes is None else pa.array(codes, pa.int32()),
        "is_system_state": pa.array(np.zeros(nothing, np.bool_)),
        **dict(zip(("good", "questionable", "substituted", "annotated"), flags, strict=True)),
        "uom": tag.take(whose),
    }
    return pa.RecordBatch.from_pydict(columns)
