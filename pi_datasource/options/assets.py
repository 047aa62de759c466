"""Where in the Asset Framework to look: servers, databases, a part of the tree, templates, categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pi_datasource.options.declare import Option, grouped
from pi_datasource.options.frames import OF_FRAMES

#: Tables of an asset database.
OF_DATABASES = (
    "asset_databases", "elements", "attributes", "attribute_values", "element_templates", "attribute_templates",
    "element_categories", "attribute_categories", "analysis_categories", "table_categories", "analyses",
    "analysis_templates", "af_tables", "af_table_rows", "enumeration_sets", "enumeration_values", "event_frames",
    "event_frame_attributes", "event_frame_referenced_elements", "event_frame_annotations", "event_frame_templates",
    "event_frame_template_attributes",
)  # fmt: skip
#: Tables whose rows are values of streams, and that can read attributes as well as points.
OF_STREAMS = (
    "recorded", "interpolated", "plot", "summary", "value", "end", "recorded_at_times", "calculation", "failed_tags",
)  # fmt: skip
_OF_ELEMENTS = ("elements", "attributes", "attribute_values", *OF_STREAMS)

ASSET_OPTIONS = grouped(
    "Asset Framework",
    Option("assetServer", "list", None, "AF servers to look on; all by default.",
           tables=(*OF_DATABASES, *OF_STREAMS, "unit_classes", "units")),
    Option("database", "list", None, "AF databases to look in; all by default.",
           tables=(*OF_DATABASES, *OF_STREAMS)),
    Option("elementRoot", "text", None, r"Element below which to look: Plant\Unit 1, or \\AF\DB\Plant\Unit 1.",
           tables=_OF_ELEMENTS),
    Option("elementFilter", "text", None, "Elements by name, with wildcards.", tables=_OF_ELEMENTS),
    Option("elementTemplate", "text", None, "Elements of this template, or of one derived from it.",
           tables=_OF_ELEMENTS),
    Option("category", "text", None, "Category of the elements, of the attributes, or of the event frames.",
           tables=(*_OF_ELEMENTS, *OF_FRAMES)),
    Option("attributes", "list", None,
           "Attributes by name, with wildcards; those below them come, too. In event_frames: a column each, A|B too.",
           tables=("attributes", "attribute_values", "event_frames", "event_frame_attributes", *OF_STREAMS)),
    Option("afTable", "list", None, "AF tables whose rows are read; all by default, one with its own columns.",
           tables=("af_table_rows",)),
)  # fmt: skip


@dataclass(frozen=True)
class Assets:
    """A part of the Asset Framework.

    Attributes:
        servers, databases: names; empty for all.
        root: path of an element, from its database on or whole; None for the whole tree.
        element_filter, template, category: what elements have to be like; None for any.
        attributes: names of attributes, with wildcards; empty for all.
        table_names: names of AF tables; empty for all.
    """

    servers: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    root: str | None = None
    element_filter: str | None = None
    template: str | None = None
    category: str | None = None
    attributes: tuple[str, ...] = ()
    table_names: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no attribute is chosen: servers and databases alone choose none."""
        return not (self.root or self.element_filter or self.template or self.category or self.attributes)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Assets:
        """Build it from parsed options."""
        return cls(
            servers=values["assetServer"] or (),
            databases=values["database"] or (),
            root=values["elementRoot"],
            element_filter=values["elementFilter"],
            template=values["elementTemplate"],
            category=values["category"],
            attributes=values["attributes"] or (),
            table_names=values["afTable"] or (),
        )
