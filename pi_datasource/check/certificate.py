"""What a server's certificates say, as Python's `ssl` gives them: names, issuers, dates."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Certificate", "sent_by"]

DAY = 86_400


@dataclass(frozen=True)
class Certificate:
    """One certificate.

    Attributes:
        subject, issuer: the name in front: common name, else organisation.
        names: hosts and addresses that it is for.
        begins, ends: seconds since 1970.
    """

    subject: str
    issuer: str
    names: tuple[str, ...] = field(default=())
    begins: float = 0.0
    ends: float = 0.0

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> Certificate:
        """From the dictionary that `getpeercert` gives."""
        return cls(
            _name(info.get("subject", ())),
            _name(info.get("issuer", ())),
            tuple(str(name) for kind, name in info.get("subjectAltName", ()) if kind in ("DNS", "IP Address")),
            ssl.cert_time_to_seconds(info["notBefore"]) if "notBefore" in info else 0.0,
            ssl.cert_time_to_seconds(info["notAfter"]) if "notAfter" in info else 0.0,
        )

    @property
    def is_its_own_issuer(self) -> bool:
        return self.subject == self.issuer

    def days_left(self, now: float) -> int:
        """Whole days until it ends; below zero when it has."""
        return int((self.ends - now) // DAY)


def _name(parts: Sequence[Sequence[tuple[str, str]]]) -> str:
    said = {key: value for part in parts for key, value in part}
    return next((said[key] for key in ("commonName", "organizationName") if said.get(key)), "(no name)")


def sent_by(connection: ssl.SSLSocket) -> list[Certificate]:
    """The certificates that the server sent, its own first; none where this Python cannot tell.

    Python has a public way to them since 3.13, and none at all to read what is in a certificate that was not
    verified; this is the door behind it, which is there since 3.10. Without it the report knows less.
    """
    inner: Any = getattr(connection, "_sslobj", None)
    try:
        return [Certificate.of(one.get_info()) for one in inner.get_unverified_chain() or ()]
    except (AttributeError, TypeError, ValueError):
        return []
