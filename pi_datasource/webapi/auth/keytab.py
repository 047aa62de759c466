"""Whose keys a keytab holds: libkrb5 itself only says that it found none."""

from __future__ import annotations

import struct
from pathlib import Path

__all__ = ["principals_in"]

#: How a keytab of today begins: the format's number and its version.
MAGIC = b"\x05\x02"


def principals_in(keytab: str) -> list[str] | None:
    """The accounts of a keytab, such as `reader@EXAMPLE.COM`; None when it is no keytab."""
    data = Path(keytab).read_bytes()
    if not data.startswith(MAGIC):
        return None
    found, at = [], len(MAGIC)
    try:
        while at < len(data):
            (size,) = struct.unpack_from(">i", data, at)
            at += 4
            # A negative size is a hole where an entry was deleted.
            if size > 0:
                found.append(_principal(data, at))
            at += abs(size)
    except (struct.error, UnicodeDecodeError):
        return None
    return list(dict.fromkeys(found))


def _principal(data: bytes, at: int) -> str:
    (count,) = struct.unpack_from(">H", data, at)
    at += 2
    texts = []
    for _ in range(count + 1):
        (size,) = struct.unpack_from(">H", data, at)
        texts.append(data[at + 2 : at + 2 + size].decode())
        at += 2 + size
    return f"{'/'.join(texts[1:])}@{texts[0]}"
