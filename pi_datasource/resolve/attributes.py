"""From element trees, templates, attribute names and paths to AF attributes: as lists to read, and as streams.

Whether `elementattributes` lists attributes of attributes differs between servers. So from that list only those right
at an element are taken, and those below are asked of each attribute that says it has children.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pi_datasource.errors import PIOptionError, PIRefusedError, PIRequestError
from pi_datasource.options import PIOptions
from pi_datasource.read.listing import Listing, ListReader
from pi_datasource.resolve.places import ID_ONLY, Place, databases, root_element
from pi_datasource.resolve.streams import Stream, kind_of
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all, chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.webids import is_attribute_web_id
from pi_datasource.webapi.wire import Attribute, AttributesLookedUp, AttributesOfElements

__all__ = [
    "attribute_lists",
    "below",
    "chosen_attributes",
    "element_filters",
    "element_path",
    "is_attribute",
    "named_attributes",
    "nesting",
    "usable",
    "where",
]

#: What we ask of an attribute that is read as a stream.
STREAM_FIELDS = (
    "WebId", "Path", "Type", "DefaultUnitsNameAbbreviation", "DataReferencePlugIn", "HasChildren", "Description",
)  # fmt: skip
#: Paths in one call: they are long, and a call has to fit into a URL of 8 kB.
PATHS_PER_CALL = 20
#: Calls in one batch request.
CALLS_PER_BATCH = 50


def where(client: Client, options: PIOptions) -> list[tuple[Place, str, str]]:
    """Where elements are to be looked for: database, route of the place, and the place in words.

    Raises:
        PIOptionError: there is no such database, or none of them has the element that `elementRoot` names.
    """
    found = []
    root = options.assets.root
    for database in databases(client, options):
        if root is None:
            found.append((database, f"assetdatabases/{database.web_id}", database.path))
        elif element := root_element(client, database, root):
            found.append((database, f"elements/{element.web_id}", element.path))
    if root is not None and not found:
        looked = ", ".join(place.path for place in databases(client, options)) or "no database"
        raise PIOptionError(
            f"option elementRoot = {root!r}: there is no such element in {looked}, or this login may not see it; "
            "accepted is a path such as Plant\\Unit 1, from the database on"
        )
    return found


def element_filters(options: PIOptions, names: tuple[str, str, str]) -> list[tuple[str, str]]:
    """The parameters that say what elements have to be like.

    Args:
        options: what was asked for.
        names: the route's own names of the parameters for name, template and category.
    """
    assets = options.assets
    wanted = zip(names, (assets.element_filter, assets.template, assets.category), strict=True)
    return [(name, text) for name, text in wanted if name and text]


def usable(client: Client, listings: Sequence[Listing]) -> list[Listing]:
    """The lists of those databases that know the template and the category that were asked for.

    A server refuses a name that a database does not have, rather than finding nothing.

    Raises:
        PIOptionError: none of them does.
    """
    if len(listings) < 2:
        return list(listings)
    query = [("startIndex", "0"), ("maxCount", "1"), endpoints.selected("Items.", ("WebId",))]
    asks = {
        str(number): Ask(endpoints.with_query(listing.route, [*listing.query, *query]), listing.what)
        for number, listing in enumerate(listings)
    }
    answers = ask_all(client, asks, AttributesOfElements, "names of templates and categories")
    refused = [answer for answer in answers.values() if isinstance(answer, PIRefusedError)]
    if len(refused) == len(listings):
        raise PIOptionError(f"no database has what the options elementTemplate and category name. {refused[0]}")
    return [one for number, one in enumerate(listings) if not isinstance(answers[str(number)], PIRefusedError)]


def attribute_lists(client: Client, options: PIOptions) -> Sequence[Listing]:
    """The lists of attributes that the options choose."""
    query = [
        ID_ONLY, ("searchFullHierarchy", "true"),
        *element_filters(options, ("elementNameFilter", "elementTemplate", "attributeCategory")),
    ]  # fmt: skip
    lists = []
    for database, route, path in where(client, options):
        for name in options.assets.attributes or ("",):
            named = [("attributeNameFilter", name)] if name else []
            what = f"attributes {name} of {path}" if name else f"attributes of {path}"
            place = (("database", database.name), ("asset_server", database.server))
            lists.append(Listing(f"{route}/elementattributes", what, (*query, *named), place))
    return usable(client, lists)


def below(listing: Listing, items: list[Any]) -> tuple[list[Any], list[Listing]]:
    """The rows of a page, and the lists of attributes below them."""
    if listing.route.endswith("/elementattributes"):
        items = [item for item in items if nesting(item.Path) == 0]
    return items, [
        Listing(f"attributes/{item.WebId}/attributes", f"attributes of {item.Path}", (ID_ONLY,), listing.place)
        for item in items
        if item.HasChildren
    ]


def element_path(path: str) -> str:
    r"""`\\AF\DB\Element` of `\\AF\DB\Element|Attribute|Nested`."""
    return path.partition("|")[0]


def nesting(path: str) -> int:
    """0 for an attribute right at an element."""
    return path.count("|") - 1


def is_attribute(tag: str) -> bool:
    """Whether what a user calls a tag is an AF attribute: its WebID, or a path with `|` below a database."""
    return is_attribute_web_id(tag) or (tag.startswith("\\\\") and "|" in tag and tag.count("\\") > 3)


def chosen_attributes(client: Client, options: PIOptions, *, with_history: bool = True) -> Iterator[Stream]:
    """The attributes that element, template, category and name choose, as streams.

    Args:
        client: who to ask.
        options: what was asked for.
        with_history: only such as can be read over time.

    Attributes that are named by option `attributes` are all taken; of the others, and of those below, only PI Point
    references, for static values and most formulas have no history.

    Raises:
        PIRequestError: a list that cannot be read.
    """
    assets = options.assets
    for listing in attribute_lists(client, options):
        reader = ListReader(client, [listing], AttributesOfElements, STREAM_FIELDS, expand=below)
        while not reader.done:
            for page in reader.take(reader.fetch()):
                for item in page.items:
                    is_named = assets.attributes and nesting(item.Path) == 0
                    if not with_history or is_named or item.DataReferencePlugIn == "PI Point":
                        yield _stream(item)
            for error in reader.failures.values():
                raise error


def named_attributes(client: Client, tags: Iterable[str], failures: dict[str, str]) -> Iterator[Stream]:
    """Attributes by path or WebID, as streams; those that are not there go to `failures`."""
    calls = list(chunks(tags, PATHS_PER_CALL))
    for some in chunks(calls, CALLS_PER_BATCH):
        asks = {str(number): Ask(_multiple(call), f"{len(call)} attributes") for number, call in enumerate(some)}
        for key, answer in ask_all(client, asks, AttributesLookedUp, "look-up of attributes").items():
            if isinstance(answer, PIRequestError):
                raise answer
            by_identifier = {item.Identifier.lower(): item for item in answer.Items}
            for tag in some[int(key)]:
                item = by_identifier.get(tag.lower())
                if item is not None and item.Object is not None:
                    yield _stream(item.Object)
                else:
                    errors = item.Exception.Errors if item is not None and item.Exception is not None else None
                    words = "; ".join(errors) if isinstance(errors, list) else errors
                    failures[tag] = words or "no such attribute"


def _multiple(call: Sequence[str]) -> str:
    named = [("webId" if is_attribute_web_id(tag) else "path", tag) for tag in call]
    fields = [f"Object.{name}" for name in STREAM_FIELDS]
    query = [*named, ID_ONLY, endpoints.selected("Items.", ("Identifier", "Exception", *fields))]
    return endpoints.with_query("attributes/multiple", query)


def _stream(found: Attribute) -> Stream:
    return Stream(
        web_id=found.WebId or "",
        tag=found.Path or "",
        kind=kind_of(found.Type or ""),
        uom=found.DefaultUnitsNameAbbreviation or "",
        descriptor=found.Description or "",
        element_path=element_path(found.Path or ""),
    )
