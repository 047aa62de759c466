"""Many objects in one call, by WebID or path, each with its own exception: the actions called `multiple`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_pi.call import Answer, Call, PIWebAPIError

PARAMETERS = "webId path includeMode asParallel"

_INCLUDE_MODES = ("All", "ItemsWithoutExceptions", "ItemsWithExceptions")


def multiple(call: Call, by_web_id: Callable[[str], Any], by_path: Callable[[str], Any]) -> Answer:
    """The objects in order of the request; 207 as soon as one of them carries an exception.

    Args:
        call: The call.
        by_web_id: The JSON object of a WebID.
        by_path: The JSON object of a path.
    """
    mode = call.choice("includeMode", _INCLUDE_MODES, "All")
    call.boolean("asParallel", False)
    items = [_item("WebId", text, by_web_id) for text in call.many("webId")]
    items += [_item("Path", text, by_path) for text in call.many("path")]
    failed = any(item["Exception"] for item in items)
    if mode != "All":
        items = [item for item in items if (item["Exception"] is not None) == (mode == "ItemsWithExceptions")]
    return call.json({"Links": {}, "Items": items}, 207 if failed else 200)


def _item(kind: str, text: str, find: Callable[[str], Any]) -> dict[str, Any]:
    found = problem = None
    try:
        found = find(text)
    except PIWebAPIError as error:
        problem = error.body
    return {"Identifier": text, "IdentifierType": kind, "Object": found, "Exception": problem}
