"""The EnumerationSet and EnumerationValue controllers: sets of asset databases, and digital sets of data servers."""

from __future__ import annotations

import uuid

from mock_pi import webids
from mock_pi.af.enumerations import EnumerationValue
from mock_pi.af.model import guid_of
from mock_pi.af.paths import collection
from mock_pi.af.placed import PlacedSet
from mock_pi.call import Answer, Call, PIWebAPIError
from mock_pi.routes import objects
from mock_pi.routes.afobjects import Json, link, placed_link
from mock_pi.routes.afthings import basics, required, thing
from mock_pi.routes.lists import whole
from mock_pi.routes.table import route


def set_object(call: Call, one: PlacedSet) -> Json:
    """An enumeration set of a database."""
    own = placed_link(call, one)
    links = {
        "Self": own, "Database": link(call, one.home), "Values": f"{own}/enumerationvalues",
        "Security": f"{own}/security", "SecurityEntries": f"{own}/securityentries",
    }  # fmt: skip
    return {**basics(call, one, one.declared.description), "SerializeDescription": True, "Links": links}


def value_object(call: Call, one: PlacedSet, value: EnumerationValue) -> Json:
    """A value of an enumeration set of a database."""
    guid, path = _value_guid(one, value), f"{one.path}\\{value.name}"
    web_id = webids.encode(call.site.kind(call), "MVR", one.server.guid, path[2:], (one.guid, guid))
    return {
        "WebId": web_id, "Id": str(guid), "Name": value.name, "Description": value.description, "Value": value.value,
        "Path": path, "Parent": "", "SerializeWebId": True, "SerializeId": True, "SerializeDescription": True,
        "Links": {"Self": f"{call.base}/enumerationvalues/{web_id}", "Parent": placed_link(call, one),
                  "EnumerationSet": placed_link(call, one)},
    }  # fmt: skip


def _value_guid(one: PlacedSet, value: EnumerationValue) -> uuid.UUID:
    return guid_of(one.guid, value.name)


def of_database(call: Call) -> Answer:
    """The enumeration sets of a database."""
    shelf = call.site.directory.shelf(call.site.database(call.captured[0]))
    return whole(call, [set_object(call, one) for one in shelf.sets])


def set_by_path(call: Call) -> Answer:
    r"""The set with the path `\\AF\DB\EnumerationSets[S]`, or `\\SERVER\DigitalSets[S]`."""
    path = call.site.af_path(required(call, "path"))
    found = call.site.directory.thing_at(path, "enumerationsets")
    if isinstance(found, PlacedSet):
        return call.json(set_object(call, found))
    return call.json(objects.enumeration_set(call, *_digital_set_at(call, path.server, path.parts)))


def _digital_set_at(call: Call, server: str, parts: tuple[str, ...]) -> tuple[str, str]:
    named = collection(parts[0]) if len(parts) == 1 else None
    for known in call.site.system.data_servers:
        for name in call.site.system.digital_sets:
            if (
                known.upper() == server.upper()
                and named
                and (named[0], named[1].upper()) == ("digitalsets", name.upper())
            ):
                return known, name
    raise PIWebAPIError(404, "The specified enumeration set was not found.")


def set_by_web_id(call: Call) -> Answer:
    """One set."""
    if call.captured[0][2:5] == "MSD":
        return call.json(objects.enumeration_set(call, *call.site.digital_set(call.captured[0])))
    return call.json(set_object(call, thing(call, "enumerationsets")))


def values(call: Call) -> Answer:
    """The values of a set."""
    if call.captured[0][2:5] == "MSD":
        server, name = call.site.digital_set(call.captured[0])
        states = call.site.system.digital_sets[name]
        return whole(call, [objects.enumeration_value(call, server, name, state) for state in states])
    found: PlacedSet = thing(call, "enumerationsets")
    return whole(call, [value_object(call, found, one) for one in found.declared.values])


def value_by_path(call: Call) -> Answer:
    r"""The value with the path `\\AF\DB\EnumerationSets[S]\V`."""
    path = call.site.af_path(required(call, "path"))
    found = call.site.directory.thing_at(path, "enumerationsets") if len(path.parts) == 3 else None
    if not isinstance(found, PlacedSet):
        raise PIWebAPIError(404, "The specified enumeration value was not found.")
    value = found.declared.by_name(path.parts[2])
    return call.json(value_object(call, found, call.site.found(value, "enumeration value")))


def value_by_web_id(call: Call) -> Answer:
    """One value."""
    web_id = call.site.decode(call.captured[0], "MVR", "MVD")
    if web_id.marker == "MVD":
        return call.json(_state(call, web_id))
    for database in call.site.directory.databases:
        for one in call.site.directory.shelf(database).sets:
            for value in one.declared.values:
                path = f"{one.path}\\{value.name}"[2:].upper()
                if web_id.name == path if web_id.kind == "P" else _value_guid(one, value) == web_id.guids[1]:
                    return call.json(value_object(call, one, value))
    raise PIWebAPIError(404, "The specified enumeration value was not found.")


def _state(call: Call, web_id: webids.WebID) -> Json:
    for server in call.site.system.data_servers:
        for name, states in call.site.system.digital_sets.items():
            for state in states:
                path = f"{server}\\DigitalSets[{name}]\\{state.name}".upper()
                guid = webids.state_guid(server, name, state.code)
                if web_id.name == path if web_id.kind == "P" else guid == web_id.guids[1]:
                    return objects.enumeration_value(call, server, name, state)
    raise PIWebAPIError(404, "The specified enumeration value was not found.")


ROUTES = [
    route("assetdatabases/{}/enumerationsets", of_database),
    route("enumerationsets", set_by_path, "path"),
    route("enumerationsets/{}", set_by_web_id),
    route("enumerationsets/{}/enumerationvalues", values),
    route("enumerationvalues", value_by_path, "path"),
    route("enumerationvalues/{}", value_by_web_id),
]
