"""What the queries of elements/search and attributes/search mean (from 2018 SP1)."""

from __future__ import annotations

from dataclasses import replace

from mock_pi.af import query
from mock_pi.af.database import Database
from mock_pi.af.model import Element
from mock_pi.af.search import AttributeFilter, ElementFilter
from mock_pi.call import Call, PIWebAPIError
from mock_pi.routes.afthings import required

PARAMETERS = "databaseWebId query startIndex maxCount queryDate associations"


def database_of(call: Call) -> Database:
    """The database of the parameter `databaseWebId`."""
    return call.site.database(required(call, "databaseWebId"))


def filters_of(call: Call) -> tuple[query.Filter, ...]:
    """The filters of the parameter `query`, or 400."""
    try:
        return query.parse(call.text("query"))
    except ValueError as error:
        raise _refusal(call, str(error)) from None


def _refusal(call: Call, why: str) -> PIWebAPIError:
    return PIWebAPIError(400, f"The query '{call.text('query')}' is not valid: {why}.")


def _value(call: Call, one: query.Filter) -> str:
    if one.operator != "=":
        raise _refusal(call, f"the filter '{one.name}' cannot be compared by '{one.operator}'")
    return one.value


def element_search(
    call: Call, database: Database, filters: tuple[query.Filter, ...]
) -> tuple[Element | None, ElementFilter]:
    """Below which element (None for the whole database) which elements are searched."""
    root: Element | None = None
    wanted = ElementFilter(full=True, denied=call.site.switches.denied_listed)
    for one in filters:
        value = _value(call, one)
        if one.name == "name":
            wanted = replace(wanted, name=value)
        elif one.name == "description":
            wanted = replace(wanted, description=value)
        elif one.name in ("template", "templatename"):
            wanted = replace(wanted, template=_template(database, value))
        elif one.name in ("category", "categoryname"):
            wanted = replace(wanted, category=value)
        elif one.name in ("type", "elementtype"):
            wanted = replace(wanted, kind=value.capitalize())
        elif one.name == "root":
            root = _root(call, database, value)
        elif one.name == "alldescendants":
            wanted = replace(wanted, full=value.lower() != "false")
        else:
            raise _refusal(call, f"there is no filter '{one.name}'")
    return root, wanted


def attribute_search(
    call: Call, database: Database, filters: tuple[query.Filter, ...]
) -> tuple[Element | None, ElementFilter, AttributeFilter]:
    """Of which elements which attributes are searched."""
    root: Element | None = None
    of, wanted = ElementFilter(full=True), AttributeFilter(full=True)
    for one in filters:
        if one.name == "element" and one.nested:
            root, of = element_search(call, database, one.nested)
            continue
        value = _value(call, one)
        if one.name == "element":
            of = replace(of, name=value)
        elif one.name == "name":
            wanted = replace(wanted, name=value)
        elif one.name == "description":
            wanted = replace(wanted, description=value)
        elif one.name in ("category", "categoryname"):
            wanted = replace(wanted, category=value)
        elif one.name in ("type", "valuetype"):
            wanted = replace(wanted, value_type=value)
        elif one.name == "plugin":
            wanted = replace(wanted, plug_in=value)
        else:
            raise _refusal(call, f"there is no filter '{one.name}'")
    return root, of, wanted


def _template(database: Database, value: str) -> str:
    if database.template(value) is None:
        raise PIWebAPIError(400, "The specified element template was not found in the specified Asset Database.")
    return value


def _root(call: Call, database: Database, value: str) -> Element | None:
    if not value.strip("\\"):
        return None
    names = value.strip("\\").split("\\")
    # A path may be full; of its two backslashes at the front quotes may have swallowed one.
    if [name.upper() for name in names[:2]] == [database.server.name.upper(), database.name.upper()]:
        names = names[2:]
    return call.site.allowed(database.find(names)) if names else None
