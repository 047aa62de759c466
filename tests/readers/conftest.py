"""Reader objects driven directly, as Spark drives them, without Spark."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest

from pi_datasource.datasource import PIDataSource


@dataclass
class Reading:
    """One whole read: its partitions and what each brought."""

    partitions: list[Any]
    by_partition: list[list[pa.RecordBatch]] = field(default_factory=list)

    @property
    def batches(self) -> list[pa.RecordBatch]:
        """All record batches."""
        return [batch for batches in self.by_partition for batch in batches]

    @property
    def rows(self) -> int:
        """How many rows came."""
        return sum(batch.num_rows for batch in self.batches)


class Driver:
    """Does what Spark does: pickles source, reader and partitions on the way, and reads every partition."""

    def source(self, **options: Any) -> PIDataSource:
        """The data source as Spark makes it: option names in lower case, values as text."""
        texts = {name.lower(): value if isinstance(value, str) else _text(value) for name, value in options.items()}
        return PIDataSource(texts)

    def reader(self, schema: Any = None, **options: Any) -> Any:
        """The batch reader, as it reaches the planner."""
        source = pickle.loads(pickle.dumps(self.source(**options)))
        return pickle.loads(pickle.dumps(source.reader(schema=schema or source.schema())))

    def read(self, schema: Any = None, **options: Any) -> Reading:
        """Plans and reads everything."""
        planner = self.reader(schema, **options)
        sent = pickle.dumps(planner)
        reading = Reading(planner.partitions())
        for partition in reading.partitions:
            worker = pickle.loads(sent)
            reading.by_partition.append(list(worker.read(pickle.loads(pickle.dumps(partition)))))
        return reading

    def stream(self, **options: Any) -> Iterator[pa.RecordBatch]:
        """The batches of the first partition, as they come."""
        planner = self.reader(**options)
        return iter(planner.read(planner.partitions()[0]))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.fixture(scope="session")
def driver() -> Driver:
    """Reads as Spark would."""
    return Driver()
