"""Finding the named things of the Asset Framework for a call: templates, categories, sets, tables, analyses, units."""

from __future__ import annotations

from typing import Any

from mock_pi.af.placed import Placed
from mock_pi.call import Call, PIWebAPIError
from mock_pi.routes.afobjects import MARKERS, Json, placed_link

#: Collection, in lower case, to what it holds, for messages.
_WORDS = {
    "elementtemplates": "element template", "enumerationsets": "enumeration set", "tables": "table",
    "elementcategories": "element category", "attributecategories": "attribute category",
    "tablecategories": "table category", "analysiscategories": "analysis category",
    "analysistemplates": "analysis template",
}  # fmt: skip


def required(call: Call, name: str) -> str:
    """The text of a parameter that must be there."""
    if not call.has(name):
        raise PIWebAPIError(400, f"The parameter '{name}' is required.")
    return call.text(name)


def thing(call: Call, collection: str) -> Any:
    """The thing in the URL, or 400 or 404."""
    web_id = call.site.decode(call.captured[0], MARKERS[collection][0])
    return call.site.found(call.site.directory.thing(web_id, collection), _WORDS[collection])


def thing_at(call: Call, collection: str) -> Any:
    r"""The thing of the parameter `path`, such as `\\AF\DB\Tables[T]`, or 400 or 404."""
    path = call.site.af_path(required(call, "path"))
    return call.site.found(call.site.directory.thing_at(path, collection), _WORDS[collection])


def basics(call: Call, one: Placed[Any, Any], description: str = "") -> Json:
    """The fields that every named thing begins with."""
    own = placed_link(call, one)
    return {
        "WebId": own.rpartition("/")[2], "Id": str(one.guid), "Name": one.name, "Description": description,
        "Path": one.path,
    }  # fmt: skip
