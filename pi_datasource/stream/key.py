"""What stands for a tag in an offset: ids that lead back to its stream without any list, and survive a rename."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from pi_datasource.webapi.webids import attribute_id_only, attribute_ids, id_only, point_ids

__all__ = ["Key"]


class Key(msgspec.Struct, frozen=True, order=True, gc=False, cache_hash=True):
    """A PI point or an AF attribute for ever; one that is created again is another one.

    Attributes:
        server: the id of its data server or AF server as it stands in a WebID (22 characters).
        point_id: PI's number of the point there; 0 for an attribute.
        attribute: what an attribute's WebID holds behind the server: a letter, and the ids of element and attribute;
            empty for a point.
    """

    server: str
    point_id: int
    attribute: str = ""

    @classmethod
    def of(cls, web_id: str) -> Key | None:
        """The key in a WebID of type Full or IDOnly; None for any other."""
        ids = point_ids(web_id)
        if ids is not None:
            return cls(*ids)
        parts = attribute_ids(web_id)
        return None if parts is None else cls(parts[0], 0, parts[1])

    @property
    def web_id(self) -> str:
        """The WebID made of ids alone."""
        return _web_id(self)


@lru_cache(maxsize=200_000)
def _web_id(key: Key) -> str:
    return attribute_id_only(key.server, key.attribute) if key.attribute else id_only(key.server, key.point_id)
