"""A Spark source of batches that are ready: what Spark itself costs. Workers import it by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition


class ReadySource(DataSource):
    """`format("ready")`: the Arrow files in a folder, a partition for each."""

    @classmethod
    def name(cls) -> str:
        return "ready"

    def schema(self) -> Any:
        from pyspark.sql.pandas.types import from_arrow_schema

        with pa.memory_map(str(self._files()[0])) as file:
            return from_arrow_schema(pa.ipc.open_file(file).schema)

    def reader(self, schema: Any) -> DataSourceReader:
        return ReadyReader([str(file) for file in self._files()])

    def _files(self) -> list[Path]:
        return sorted(Path(self.options["path"]).glob("*.arrow"))


class ReadyReader(DataSourceReader):
    """Hands the batches on as they are."""

    def __init__(self, files: list[str]) -> None:
        self.files = files

    def partitions(self) -> list[InputPartition]:
        return [InputPartition(file) for file in self.files]

    def read(self, partition: Any) -> Iterator[pa.RecordBatch]:
        with pa.memory_map(partition.value) as file:
            reader = pa.ipc.open_file(file)
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)


def write_ready(folder: Path, partitions: list[list[pa.RecordBatch]]) -> None:
    """Makes such a folder: a file for each partition."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, batches in enumerate(partitions):
        if not batches:
            continue
        with (
            pa.OSFile(str(folder / f"{number:04}.arrow"), "wb") as file,
            pa.ipc.new_file(file, batches[0].schema) as writer,
        ):
            for batch in batches:
                writer.write_batch(batch)
