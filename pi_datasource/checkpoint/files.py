"""The files of a checkpoint: on this machine, mounted (`/Volumes/…`, `/dbfs/…`), or at an address that fsspec knows."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any, Protocol

from pi_datasource.errors import PICheckpointError

__all__ = ["Files", "LocalFiles", "files_at"]


class Files(Protocol):
    """A folder with text files. Names in it are relative, with slashes."""

    def names(self, folder: str) -> list[str]:
        """The names in a folder inside; none when there is no such folder."""
        ...

    def read(self, name: str) -> str:
        """A whole file."""
        ...

    def modified(self, name: str) -> float:
        """When it was last written, in seconds since 1970."""
        ...

    def replace(self, name: str, text: str) -> None:
        """Writes a file anew, whole or not at all where the storage can do that."""
        ...

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        ...


def files_at(path: str) -> Files:
    """The folder at a path or address (`s3://…`, `abfss://…`; needs fsspec and what it needs for that).

    Raises:
        PICheckpointError: an address, and no fsspec.
    """
    if "://" not in path:
        return LocalFiles(Path(path))
    if path.startswith("file://"):
        return LocalFiles(Path(path.removeprefix("file://")))
    try:
        fsspec: Any = importlib.import_module("fsspec")
    except ImportError:
        raise PICheckpointError(
            f"{path}: reading an address needs fsspec (pip install fsspec, and s3fs, adlfs or gcsfs for cloud "
            "storage); a mounted path such as /Volumes/… needs nothing"
        ) from None
    try:
        system, root = fsspec.core.url_to_fs(path)
    except (ImportError, ValueError) as error:
        raise PICheckpointError(f"{path}: fsspec cannot reach it: {error}") from None
    return RemoteFiles(system, str(root))


class LocalFiles:
    """A folder of this machine.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self, folder: str) -> list[str]:
        """The names in a folder inside."""
        try:
            return [path.name for path in (self._root / folder).iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def read(self, name: str) -> str:
        """A whole file."""
        return (self._root / name).read_text(encoding="utf-8")

    def modified(self, name: str) -> float:
        """When it was last written."""
        return (self._root / name).stat().st_mtime

    def replace(self, name: str, text: str) -> None:
        """Writes beside it first: a reader sees the old text or the new one."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.writing")
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def remove(self, name: str) -> None:
        """Removes a file."""
        (self._root / name).unlink(missing_ok=True)


class RemoteFiles:
    """A folder behind fsspec.

    Args:
        system: an fsspec file system.
        root: the folder there.
    """

    def __init__(self, system: Any, root: str) -> None:
        self._system, self._root = system, root.rstrip("/")

    def names(self, folder: str) -> list[str]:
        """The names in a folder inside."""
        try:
            self._system.invalidate_cache()
            found = self._system.ls(f"{self._root}/{folder}", detail=False)
        except FileNotFoundError:
            return []
        return [str(one).rstrip("/").rpartition("/")[2] for one in found]

    def read(self, name: str) -> str:
        """A whole file."""
        text: bytes = self._system.cat_file(f"{self._root}/{name}")
        return text.decode("utf-8")

    def modified(self, name: str) -> float:
        """When it was last written; unknown is long ago."""
        try:
            return float(self._system.modified(f"{self._root}/{name}").timestamp())
        except (NotImplementedError, AttributeError):
            return 0.0

    def replace(self, name: str, text: str) -> None:
        """Object stores put a file whole."""
        self._system.makedirs(f"{self._root}/{name}".rpartition("/")[0], exist_ok=True)
        self._system.pipe_file(f"{self._root}/{name}", text.encode("utf-8"))

    def remove(self, name: str) -> None:
        """Removes a file."""
        if self._system.exists(f"{self._root}/{name}"):
            self._system.rm_file(f"{self._root}/{name}")
