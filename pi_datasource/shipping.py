"""The package sent along with each read, where workers cannot install it: `register(spark, by_value=True)`.

Spark pickles the data source, its reader and its partitions, and hands each to Python processes that do not have this
package. So what is pickled here are three small wrappers, by value, with the package's source text in them. Where one
arrives, the package is imported from that text, and the real object goes on. Pickling the whole package by value
would not do: each pickle would make its own copies of the modules, without common clients and ceilings.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

# These are Spark's own classes. Nothing else of ours: the wrappers have to arrive where there is nothing of ours.
from pi_datasource.compat import DataSource, DataSourceReader, InputPartition

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

__all__ = ["shipped_data_source"]


class Sources(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports modules from their source texts.

    Args:
        texts: full name of a module → its text; of a package, the text of its `__init__`.
        packages: which of them are packages.
    """

    def __init__(self, texts: dict[str, str], packages: frozenset[str]) -> None:
        self.texts = texts
        self.packages = packages

    @classmethod
    def of(cls, package: ModuleType) -> Sources:
        """The texts of a package with all its modules, as it is installed here."""
        folder = Path(package.__file__ or "").parent
        files = {
            path: (package.__name__, *path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("*.py")
        }
        texts, packages = {}, set()
        for path, parts in files.items():
            name = ".".join(parts).removesuffix(".__init__")
            texts[name] = path.read_text(encoding="utf-8")
            if path.name == "__init__.py":
                packages.add(name)
        return cls(texts, frozenset(packages))

    def install(self) -> None:
        """Make the package importable here, if it is not."""
        name = min(self.texts, key=len)
        if name not in sys.modules and importlib.util.find_spec(name) is None:
            sys.meta_path.append(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self.texts:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=fullname in self.packages)

    def is_package(self, fullname: str) -> bool:
        return fullname in self.packages

    def get_source(self, fullname: str) -> str:
        return self.texts[fullname]


def dumps(thing: Any) -> bytes:
    """Pickle as Spark does."""
    from pyspark import cloudpickle

    pickled: bytes = cloudpickle.dumps(thing)  # type: ignore[no-untyped-call]
    return pickled


class Shipped:
    """An object of the package, pickled, with what it takes to unpickle it anywhere."""

    def __init__(self, sources: Sources, thing: Any) -> None:
        self.sources = sources
        self.pickled = dumps(thing)

    def open(self) -> Any:
        self.sources.install()
        # What is unpickled here, `dumps` above has pickled, and Spark has carried.
        return pickle.loads(self.pickled)  # nosec B301


class ShippedPartition(InputPartition):
    """A partition of the package, pickled."""

    def __init__(self, thing: Any) -> None:
        self.pickled = dumps(thing)


class ShippedReader(DataSourceReader):
    """A reader of the package, that plans and reads where the package is not installed."""

    def __init__(self, shipped: Shipped) -> None:
        self.shipped = shipped

    def partitions(self) -> Any:
        return [ShippedPartition(partition) for partition in self.shipped.open().partitions()]

    def read(self, partition: Any) -> Any:
        reader = self.shipped.open()
        # An empty plan makes Spark read a partition that nobody planned.
        pickled = getattr(partition, "pickled", None)
        return reader.read(pickle.loads(pickled) if pickled else None)  # nosec B301


def shipped_data_source(package: ModuleType, source: type[DataSource]) -> type[DataSource]:
    """A data source that behaves as `source` and needs nothing of `package` where it arrives.

    Args:
        package: the top-level package that has `source`; all its modules travel.
        source: the data source.
    """
    from pyspark import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # type: ignore[no-untyped-call]
    sources, name, home, class_name = Sources.of(package), source.name(), source.__module__, source.__qualname__

    class ShippedDataSource(DataSource):
        def __init__(self, options: dict[str, str]) -> None:
            sources.install()
            original = getattr(importlib.import_module(home), class_name)
            self.shipped = Shipped(sources, original(options))

        @classmethod
        def name(cls) -> str:
            return name

        def schema(self) -> StructType | str:
            found: StructType | str = self.shipped.open().schema()
            return found

        def reader(self, schema: StructType) -> DataSourceReader:
            return ShippedReader(Shipped(self.shipped.sources, self.shipped.open().reader(schema)))

        def streamReader(self, schema: StructType) -> Any:
            raise NotImplementedError(
                "register(spark, by_value=True) serves spark.read only; for readStream install pi-datasource on every "
                "machine and call register(spark)"
            )

        def writer(self, schema: StructType, overwrite: bool) -> Any:
            return self.shipped.open().writer(schema, overwrite)

    return ShippedDataSource
