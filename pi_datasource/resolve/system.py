"""What PI Web API says of itself: version, state, whom it takes us for, and its limit."""

from __future__ import annotations

from pi_datasource.errors import PIBadAnswerError, PITooLargeError
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Points, SystemStatus, SystemUser, SystemVersion

__all__ = ["item_limit", "status", "user", "version"]

#: More objects than any server hands out at once; what it says then names its limit.
TOO_MANY = 2**31 - 1
#: No tag is called so, should a server have no limit.
NO_TAG = "osipi?asks?for?the?limit"


def version(client: Client) -> SystemVersion:
    """Product and version."""
    route = endpoints.with_query("system", [endpoints.selected("", ("ProductTitle", "ProductVersion"))])
    return client.get(route, SystemVersion, "version of PI Web API")


def status(client: Client) -> SystemStatus:
    """Its state, and its clock where it tells that (from 2018)."""
    route = endpoints.with_query("system/status", [endpoints.selected("", ("UpTimeInMinutes", "State", "ServerTime"))])
    return client.get(route, SystemStatus, "status of PI Web API")


def user(client: Client) -> SystemUser:
    """Who the server says we are; nobody when it answers 204 with no body."""
    route = endpoints.with_query(
        "system/userinfo", [endpoints.selected("", ("IdentityType", "Name", "IsAuthenticated"))]
    )
    try:
        return client.get(route, SystemUser, "user as PI Web API sees it", (PIBadAnswerError,))
    except PIBadAnswerError as error:
        if "answer of 0 bytes" in str(error):
            return SystemUser()
        raise


def item_limit(client: Client, server: str) -> int | None:
    """The most objects in one answer, from the refusal of more; None where more is not refused.

    Args:
        client: who to ask.
        server: WebID of a data server.
    """
    query = [("nameFilter", NO_TAG), ("maxCount", str(TOO_MANY)), endpoints.selected("Items.", ("WebId",))]
    try:
        client.get(endpoints.with_query(f"dataservers/{server}/points", query), Points, "limit of objects in an answer")
    except PITooLargeError as error:
        return error.item_limit
    return None
