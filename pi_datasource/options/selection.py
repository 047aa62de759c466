"""What to read: which tags, named one by one or by pattern or query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pi_datasource.errors import PIOptionError
from pi_datasource.options.assets import OF_STREAMS
from pi_datasource.options.declare import Given, Option, grouped, shown

#: Tables of tags, and those about the points themselves.
OF_TAGS = (*OF_STREAMS, "points", "point_attributes")
#: Tables of what is on data servers; enumeration sets are, too.
OF_DATA_SERVERS = (*OF_TAGS, "data_servers", "enumeration_sets", "enumeration_values", "system")

SELECTION_OPTIONS = grouped(
    "What",
    Option("tags", "list", None, r"Tags between commas or as a JSON array: names, \\server\tag paths, WebIds.",
           tables=(*OF_TAGS, "attribute_values")),
    Option("path", "list", None, "What .load(…) was given; the same as tags.", in_environment=False),
    Option("paths", "list", None, "What .load([…]) was given; the same as tags.", in_environment=False),
    Option("tagFilter", "list", None, "Tags by wildcards such as UNIT1.*; several as in tags.", tables=OF_TAGS),
    Option("tagQuery", "text", None, "Tags by a query of PI's point search such as PointType:=Float32.",
           tables=OF_TAGS),
    Option("tagFile", "text", None, "File with tags, on the driver: .txt, .csv, .json or .parquet; see below.",
           tables=OF_TAGS),
    Option("dataServer", "list", None, "Data servers to look for tags on; all by default.", tables=OF_DATA_SERVERS),
)  # fmt: skip

#: Ways to choose tags; one given to the reader switches off all that come from the environment.
_WAYS = ("tags", "path", "paths", "tagFilter", "tagQuery", "tagFile")


@dataclass(frozen=True)
class Selection:
    """The tags that a user asked for, in the order given.

    Attributes:
        tags: names, paths and WebIds as written, without repetitions.
        tag_filter: wildcard patterns.
        tag_query: query of PI's point search, or None.
        tag_file: path of a file with tags, or None.
        data_server: names of data servers to look on; empty for all.
    """

    tags: tuple[str, ...] = ()
    tag_filter: tuple[str, ...] = ()
    tag_query: str | None = None
    data_server: tuple[str, ...] = ()
    tag_file: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no tag is asked for by any way."""
        return not (self.tags or self.tag_filter or self.tag_query or self.tag_file)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Selection:
        """Build it from parsed options.

        Raises:
            PIOptionError: tags come both by option and by `.load(…)`.
        """
        sources = [name for name in ("tags", "path", "paths") if values[name]]
        if len(sources) > 1:
            given = " and ".join(f"{name} = {shown(', '.join(values[name]))}" for name in sources)
            raise PIOptionError(
                f"options contradict each other: {given}; accepted is the list of tags from one place, either option "
                "tags or .load(…)"
            )
        return cls(
            tags=values[sources[0]] if sources else (),
            tag_filter=values["tagFilter"] or (),
            tag_query=values["tagQuery"],
            tag_file=values["tagFile"],
            data_server=values["dataServer"] or (),
        )


def overruled_selections(given: Mapping[str, Given]) -> set[str]:
    """Ways to choose tags that come from the environment and lose against one given to the reader."""
    if all(given[name].variable for name in _WAYS if name in given):
        return set()
    return {name for name in _WAYS if name in given and given[name].variable}
