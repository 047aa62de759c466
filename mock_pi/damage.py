"""What faults do to a good answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from mock_pi.call import HTML, Answer
from mock_pi.faults import Fault
from mock_pi.pages import LOGIN_PAGE, html_page
from mock_pi.wire import to_json

#: The bodies that go with statuses PI Web API or its framework gives itself.
_BODIES: dict[int, dict[str, Any]] = {
    401: {"Message": "Authorization has been denied for this request."},
    403: {"Message": "Authorization has been denied for this request."},
    404: {"Errors": ["PI Point not found."]},
    409: {"Errors": ["The data reference does not support the requested operation."]},
    429: {"Message": "Rate limit was reached"},
    500: {"Errors": ["An error occurred in the PI Data Archive."]},
    501: {"Errors": ["The value has an unsupported type."]},
    504: {"Message": "The request timed out."},
}

#: Statuses that come from HTTP.sys or a gateway, with a page of HTML.
_PAGES = {
    408: "Request Timeout", 413: "Request Entity Too Large", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout",
}  # fmt: skip


def status_answer(fault: Fault) -> Answer:
    """The answer of a `status` fault."""
    headers: tuple[tuple[str, str], ...] = ()
    if fault.retry_after is not None:
        headers = (("Retry-After", str(fault.retry_after)),)
    if fault.status == 401:
        headers += (("WWW-Authenticate", "Negotiate"), ("WWW-Authenticate", 'Basic realm="mock_pi"'))
    if fault.message is None and fault.status in _PAGES:
        return Answer(fault.status, html_page(_PAGES[fault.status], fault.status), HTML, headers, fault.delay)
    body = _BODIES.get(fault.status, {"Errors": [f"mock_pi: fault with status {fault.status}."]})
    if fault.message is not None:
        body = {"Errors": [fault.message]}
    return Answer(fault.status, to_json(body), headers=headers, delay=fault.delay)


def damaged(good: Answer, fault: Fault) -> Answer:
    """The answer after a fault, as far as it can be told without the connection."""
    if fault.kind == "status":
        return status_answer(fault)
    late = replace(good, delay=good.delay + fault.delay)
    if fault.kind == "login_page":
        return replace(late, status=200, body=LOGIN_PAGE, content_type="text/html; charset=utf-8")
    if fault.kind == "web_exception":
        return replace(late, status=200, body=_with_web_exception(good.body, fault))
    if fault.kind == "row_errors":
        return replace(late, body=_with_row_errors(good.body, fault.message or "PI Point not found."))
    if fault.kind == "value_errors":
        return replace(late, body=_with_value_errors(good.body, fault.message or "Calculation failed."))
    if fault.kind == "truncated_json":
        return replace(late, body=good.body[: max(1, len(good.body) * 2 // 3)])
    return late


def _with_web_exception(body: bytes, fault: Fault) -> bytes:
    """Half of what there was, and the confession that the rest could not be written."""
    content = _object(body)
    if isinstance(content.get("Items"), list):
        content["Items"] = content["Items"][: len(content["Items"]) // 2]
    text = fault.message or "Error occurred during writing of the output stream."
    return to_json({**content, "WebException": {"StatusCode": fault.status, "Errors": [text]}})


def _object(body: bytes) -> dict[str, Any]:
    content = msgspec.json.decode(body) if body else {}
    return content if isinstance(content, dict) else {}


def _with_row_errors(body: bytes, text: str) -> bytes:
    content = _object(body)
    row = _first_row(content)
    if row is not None:
        row["Value"] = None
        row["Errors"] = [{"FieldName": "Value", "Message": [text]}]
    return to_json(content)


def _with_value_errors(body: bytes, text: str) -> bytes:
    content = _object(body)
    row = _first_row(content)
    if row is not None:
        row["Value"] = {"Errors": [text]}
        row["Good"] = False
    return to_json(content)


def _first_row(content: Any) -> dict[str, Any] | None:
    """The first thing that looks like a TimedValue."""
    if isinstance(content, dict):
        if "Value" in content and "IsSystem" not in content and not isinstance(content["Value"], dict):
            return content
        if "Timestamp" in content and "Value" in content:
            return content
        content = list(content.values())
    if isinstance(content, list):
        for child in content:
            found = _first_row(child)
            if found is not None:
                return found
    return None
