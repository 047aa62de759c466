"""Secrets, and the four ways to give one.

Spark starts readers in worker processes that have no notebook, no `spark` and no `dbutils`, hence:

    the text itself            from `dbutils.secrets.get(…)` in a notebook, for instance
    env:NAME                   an environment variable, looked up when the options are parsed
    @/path/of/a/file           read where it is used, and again when the file changes, so that rotation works
    {{secrets/scope/key}}      a Databricks secret, looked up through databricks-sdk when the reader is made

A text that happens to look like one of these is written `literal:@like this`; all after `literal:` is the secret.
"""

from __future__ import annotations

import importlib
import os
import re
import threading
from collections.abc import Mapping
from typing import Any, NoReturn

from pi_datasource.errors import PIOptionError

_LITERAL = "literal:"
_VARIABLE = "env:"
_FILE = "@"
_VAULT = re.compile(r"\{\{\s*secrets/(?P<scope>[^/{}\s]+)/(?P<key>[^/{}\s]+)\s*\}\}")
#: What begins like this is meant as one, so a slip in the rest is an error and no literal secret.
_VAULT_START = re.compile(r"\s*\{\{\s*secrets/")

OTHER_WAYS = "give env:NAME, @/path/of/a/file, or the text itself, such as dbutils.secrets.get(…) in a notebook"

#: File → (what `stat` said, its text). Kept per process and never pickled.
_files: dict[str, tuple[tuple[int, int, int], str]] = {}
_files_lock = threading.Lock()


class Secret:
    """A text of one line that is used and never shown. Line breaks at its end are not part of it.

    `repr`, `str` and `format` give `<secret>` and at most where it comes from. It pickles, with its text unless that
    stays in a file or has not been looked up yet: only options on their way from Spark's driver to its executors should
    do so.

    Args:
        text: the secret itself, taken as it is. `Secret.parse` knows the other ways.

    Raises:
        PIOptionError: the text is empty or has more than one line.
    """

    __slots__ = ("_label", "_path", "_source", "_text")

    _label: str
    _path: str
    _source: str
    _text: str

    def __init__(self, text: str) -> None:
        self._fill(_one_line(text, "a secret", "the value given"), "", "", "a secret")

    def _fill(self, text: str, path: str, source: str, label: str) -> None:
        for name, value in zip(("_text", "_path", "_source", "_label"), (text, path, source, label), strict=True):
            object.__setattr__(self, name, value)

    @classmethod
    def parse(cls, text: str, label: str, environ: Mapping[str, str]) -> Secret:
        """The secret that an option's text means.

        Args:
            label: how errors name it, such as `option password`.
            environ: where `env:NAME` is looked up.

        A Databricks secret is not looked up here, because that needs the network: `resolved` does it.

        Raises:
            PIOptionError: empty, a variable that is not set, or a reference that is misspelt.
        """
        path, source = "", ""
        if text.startswith(_LITERAL):
            found = text[len(_LITERAL) :]
        elif text.startswith(_VARIABLE):
            found, source = _from_environment(text[len(_VARIABLE) :].strip(), label, environ), text.strip()
        elif text.startswith(_FILE):
            found, path = "", text[len(_FILE) :].strip()
            source = f"file {path}" if path else ""
        elif _VAULT_START.match(text):
            return _rebuilt("", "", _vault_reference(text, label), label)
        else:
            found = text
        return _rebuilt("" if path else _one_line(found, label, "the value given"), path, source, label)

    def resolved(self) -> Secret:
        """The same with its text, when it is a Databricks secret that has not been looked up yet.

        Raises:
            PIOptionError: it cannot be had from here.
        """
        if self._text or self._path:
            return self
        found = _from_vault(self._source, self._label)
        return _rebuilt(_one_line(found, self._label, self._source), "", self._source, self._label)

    def reveal(self) -> str:
        """The secret. A file is read again when it has changed since the last time.

        Raises:
            PIOptionError: the file cannot be read here, or is empty.
        """
        return _read_file(self._path, self._label) if self._path else self.resolved()._text

    def __repr__(self) -> str:
        return f"<secret from {self._source}>" if self._source else "<secret>"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, str, str]:
        return (self._text, self._path, "" if self._text or self._path else self._source)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a secret cannot be changed")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuilt, (self._text, self._path, self._source, self._label))


def is_reference(text: str) -> bool:
    """Whether a text only says where the secret is, so that it may be seen by others."""
    return text.startswith((_VARIABLE, _FILE)) or _VAULT_START.match(text) is not None


def _rebuilt(text: str, path: str, source: str, label: str) -> Secret:
    secret = Secret.__new__(Secret)
    secret._fill(text, path, source, label)
    return secret


def _one_line(text: str, label: str, what: str) -> str:
    """The text without line breaks at its end; one inside would let it write headers of its own."""
    text = text.rstrip("\r\n")
    if not text.strip():
        raise PIOptionError(f"{label}: {what} is empty; {OTHER_WAYS}")
    if any(character in text for character in "\r\n\0"):
        raise PIOptionError(f"{label}: {what} has more than one line; accepted is a secret of one line")
    return text


def _from_environment(name: str, label: str, environ: Mapping[str, str]) -> str:
    found = environ.get(name, "")
    if not found:
        raise PIOptionError(
            f"{label}: the environment variable {name!r} is not set. The environment is the one that the JVM had when "
            f"it started, so set it before Spark starts (on Databricks: in the cluster's settings), or {OTHER_WAYS}"
        )
    return found


def _vault_reference(text: str, label: str) -> str:
    match = _VAULT.fullmatch(text.strip())
    if match is None:
        raise PIOptionError(f"{label}: a Databricks secret is written {{{{secrets/scope/key}}}}; or {OTHER_WAYS}")
    return "{{{{secrets/{scope}/{key}}}}}".format_map(match.groupdict())


def _from_vault(reference: str, label: str) -> str:
    scope, key = reference.strip("{}").split("/")[1:]
    try:
        client: Any = importlib.import_module("databricks.sdk").WorkspaceClient()
    except ImportError:
        raise PIOptionError(
            f"{label}: {reference} needs the package databricks-sdk, which is not installed here; {OTHER_WAYS}"
        ) from None
    except Exception as error:
        raise PIOptionError(_no_vault(reference, label, error)) from None
    try:
        return str(client.dbutils.secrets.get(scope, key))
    except Exception as error:
        raise PIOptionError(_no_vault(reference, label, error)) from None


def _no_vault(reference: str, label: str, error: Exception) -> str:
    return f"{label}: databricks-sdk cannot get {reference} from here ({type(error).__name__}: {error}); {OTHER_WAYS}"


def _read_file(path: str, label: str) -> str:
    """The text of a file, read only when its time, size or identity changed."""
    try:
        state = os.stat(path)
        seen = (state.st_mtime_ns, state.st_size, state.st_ino)
        with _files_lock:
            if path in _files and _files[path][0] == seen:
                return _files[path][1]
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except UnicodeDecodeError:
        raise PIOptionError(f"{label}: the file {path!r} is no text in UTF-8") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no such path"
        raise PIOptionError(
            f"{label}: the file {path!r} cannot be read here ({why}); it must be on every machine that Spark uses"
        ) from None
    text = _one_line(text, label, f"the file {path!r}")
    with _files_lock:
        _files[path] = (seen, text)
    return text
