"""The columns that option `attributes` adds to table `event_frames`.

Without a schema given the template says them, and the server has to be asked; a schema that names them with their
types needs nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pi_datasource.columns import Column
from pi_datasource.errors import PIOptionError, PIRefusedError, PISchemaError
from pi_datasource.options import PIOptions
from pi_datasource.read.frame_columns import MAKE, column_type
from pi_datasource.read.listing import PAGE, ListReader
from pi_datasource.read.objects import Field, item_list, json_fields
from pi_datasource.tables.lists import treat
from pi_datasource.tables.named import path
from pi_datasource.tables.templates import attribute_lists, nested
from pi_datasource.webapi.batch import chunks
from pi_datasource.webapi.client import Client

__all__ = ["columns_by_schema", "columns_by_template"]

#: Lists of attributes read side by side.
TOGETHER = 50
_FIELDS = (
    path(""),
    Field(Column("type", "string", ""), "Type"),
    Field(Column("has_children", "boolean", ""), "HasChildren"),
    Field(Column("is_excluded", "boolean", ""), "IsExcluded"),
)


def columns_by_schema(
    own: Sequence[Column], options: PIOptions, given: Iterable[tuple[str, str]]
) -> tuple[Column, ...]:
    """The table's own columns, and those of a schema that the option names.

    Args:
        own: the table's own columns.
        options: of the read.
        given: names and types in the schema.

    Raises:
        PISchemaError: a type that no attribute can have.
    """
    wanted = options.assets.attributes
    if not wanted:
        return tuple(own)
    _refuse_own(own, wanted)
    names = {column.name.lower() for column in own} | {(options.reading.error_column or "").lower()}
    columns = []
    for name, kind in given:
        if name.lower() in names or not any(_fits(pattern, name) for pattern in wanted):
            continue
        if kind not in MAKE:
            raise PISchemaError(
                f"the schema given says {name} {kind}, and an attribute of an event frame can be read as one of "
                f"{', '.join(MAKE)}"
            )
        columns.append(_column(name, kind))
    return (*own, *columns)


def columns_by_template(own: Sequence[Column], options: PIOptions) -> tuple[Column, ...]:
    """The table's own columns, and those attributes of the template that the option names, typed as it says.

    Args:
        own: the table's own columns.
        options: of the read.

    Raises:
        PIOptionError: no template is given, it is not there, or it has no such attributes.
        PIListError: its attributes cannot be read.
    """
    wanted = options.assets.attributes
    if not wanted:
        return tuple(own)
    template = options.frames.template
    if template is None:
        raise PIOptionError(
            f"option attributes = {', '.join(wanted)}: which columns these are, a template has to say; give option "
            "frameTemplate, or a schema that names the columns with their types"
        )
    _refuse_own(own, wanted)
    known = _attributes_of(options, template)
    chosen: dict[str, str] = {}
    for pattern in wanted:
        fitting = [name for name in sorted(known, key=str.lower) if _fits(pattern, name)]
        if not fitting:
            raise PIOptionError(
                f"option attributes: template {template!r} has no attribute {pattern!r}; accepted are those it has, "
                f"inherited ones too ({', '.join(sorted(known)) or 'none'}), or others by a schema that names them and "
                "their types"
            )
        chosen |= {name: known[name] for name in fitting if name not in chosen}
    _refuse_own(own, chosen)
    return (*own, *(_column(name, kind) for name, kind in chosen.items()))


def _attributes_of(options: PIOptions, template: str) -> dict[str, str]:
    """Name of an attribute, behind those of the attributes above it → type of its column."""
    found: dict[str, dict[str, str]] = {}
    spelt: dict[str, str] = {}
    seen = False
    for is_inherited, name, kind, place in _listed(options, template):
        seen = True
        if name is None:
            continue
        of_place = found.setdefault(place, {})
        spelt.setdefault(name.lower(), name)
        # An attribute of its own stands in place of the base template's.
        if not is_inherited or name.lower() not in of_place:
            of_place[name.lower()] = kind
    if not seen:
        raise PIOptionError(
            f"option frameTemplate: there is no template {template!r} of event frames here; see table "
            "event_frame_templates"
        )
    kinds: dict[str, set[str]] = {}
    for of_place in found.values():
        for key, kind in of_place.items():
            kinds.setdefault(key, set()).add(kind)
    # Databases that do not agree have one column all the same: as text all of it can be told.
    return {spelt[key]: next(iter(some)) if len(some) == 1 else "string" for key, some in kinds.items()}


def _listed(options: PIOptions, template: str) -> Iterator[tuple[bool, str | None, str, str]]:
    """Whether it is inherited, name, type of the column and database; without a name for a list without attributes."""
    client = Client(options.connection)
    lists = attribute_lists(options, client, True, template)
    treat({one.what: PIRefusedError(one.cause) for one in lists if one.cause}, "fail")
    kind, names = item_list(_FIELDS), json_fields(_FIELDS)
    for some in chunks(lists, TOGETHER):
        reader = ListReader(client, some, kind, names, options.reading.page_size or PAGE, expand=nested)
        yield False, None, "", ""
        while not reader.done:
            for page in reader.take(reader.fetch()):
                place = dict(page.listing.place)
                for item in page.items:
                    if not item.IsExcluded:
                        name = item.Path.partition("|")[2]
                        where = f"{place['asset_server']}\\{place['database']}"
                        yield place["is_inherited"], name, column_type(item.Type), where
            treat(reader.failures, "fail")


def _fits(pattern: str, name: str) -> bool:
    """Whether a name fits; wildcards stay on their level."""
    parts = {"*": "[^|]*", "?": "[^|]"}
    made = "".join(parts.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(made, name, re.IGNORECASE) is not None


def _refuse_own(own: Sequence[Column], wanted: Iterable[str]) -> None:
    names = {column.name.lower() for column in own}
    for name in wanted:
        if name.lower() in names:
            raise PIOptionError(
                f"option attributes: {name!r} is a column of table event_frames already; accepted are other names. Its "
                "values are in table event_frame_attributes"
            )


def _column(name: str, kind: str) -> Column:
    return Column(name, kind, "Attribute of the event frame; null where its value does not fit.")
