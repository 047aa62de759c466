"""What can be set on the mock: limits, tastes, and every behaviour of the real server that is not settled.

A comment "open: …" marks a behaviour for which the vendor's documentation and recorded traffic give no certain answer;
the default is the best guess.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Switches:
    """All settings, by the names `MockPI(**switches)` and `pi.set(**switches)` take."""

    # Limits (PI Web API user guide, HTTP.sys defaults)
    max_count: int = 150_000  #: MaxReturnedItemsPerCall: rows one call may return
    max_body: int = 4_194_304  #: MaxRequestContentLength: bytes of a request body; over it 413
    max_head: int = 16_384  #: bytes of request line and headers; over it 400 as HTML, a long URL alone 414
    max_segment: int = 260  #: characters of one segment of the path; over it 400 as HTML
    rate_limit: int | None = None  #: requests per client address in `rate_window`; over it 429
    rate_window: float = 1.0  #: seconds
    rate_counts_sub: bool = False  #: whether each sub-request of a batch counts
    rate_retry_after: str | None = None  #: open: whether 429 carries Retry-After; its text, None for no header
    delay: float = 0.0  #: seconds from a request's arrival to its answer, at least

    # Strictness
    ignore_unknown_parameters: bool = False  #: True as the vendor does; False answers 400, so that misspellings show
    csrf: bool = True  #: EnableCSRFDefense: POST, PUT, PATCH, DELETE need X-Requested-With
    csrf_status: int = 400  #: open: the status when it is missing

    # Who may come in
    auth: str | None = None  #: None (anonymous), "basic", "bearer", or both with a comma
    users: Mapping[str, str] = field(default_factory=dict)  #: user, such as `DOMAIN\user`, to password
    tokens: Mapping[str, str | None] = field(default_factory=dict)  #: bearer token to ISO time of expiry or None
    realm: str = "mock_pi"  #: open: the text in the challenge of Basic

    # The site
    version: str = "2023"  #: "2017" has no `Annotated`; before "2021" there is no points/search
    web_id_type: str = "Full"  #: kind of WebID given when the request does not say
    zone: str = "UTC"  #: time zone of the PI Web API host, for `t`, `y` and times without offset
    compress: str = "never"  #: open: "never", "asked" (Accept-Encoding: gzip) or "always"
    date: str | None = "system"  #: Date header by the PI "system"'s clock or by this "host"'s; None for no header
    html_escaped_links: bool = False  #: True writes `&amp;` in paging links, as some servers do

    # Bodies
    bom: bool = False  #: open: whether JSON begins with a byte order mark
    keep_empty_items: bool = False  #: selectedFields over an empty list: False leaves `{}`, True `{"Items":[]}`
    non_finite: str = "text"  #: open: stored NaN and Infinity as "text" (`"NaN"`) or as a "bad" value
    zero_max_count: str = "error"  #: open: maxCount=0 is an "error" or means the "limit"

    # Streams
    count_includes_bad: bool = False  #: whether event-weighted Count counts bad events
    count_includes_end: bool = True  #: whether it counts an event exactly at endTime
    exact_missing: int = 404  #: open: status of retrievalMode=Exact where there is no event
    missing_point: int = 404  #: open: status for a well-formed WebID of a point that is not there
    summary_order: str = "type"  #: open: items of several types and intervals by "type" or by "time"
    plot_ends: bool = True  #: open: whether plot makes up values at both ends of the range where no event is

    # Asset Framework
    denied_status: int = 403  #: open: status for an element without read permission; some sites see 404 or 500
    denied_listed: bool = False  #: open: whether lists still name such elements
    static_recorded: str = "error"  #: open: recorded values of a static attribute: "error" (409) or the one "value"
    sort_fields: str = "af"  #: open: legal sortField values: those of the AF SDK ("af": Name, ID, Type) or "name" alone
    find_nested_attributes: bool = True  #: open: whether elementattributes has attributes below attributes, too

    # Event frames
    frames_none: str = "all"  #: open: searchMode=None means "all" frames whatever their time, or is "overlapped"
    open_end: str = "9999-12-31T23:59:59Z"  #: open: the exact text of the end of a frame that has none
    unacknowledged_date: str | None = "1970-01-01T00:00:00Z"  #: open: AcknowledgedDate before it is acknowledged

    # Stream sets
    streamset_max_count: str = "stream"  #: open: maxCount counts per "stream" or in "total"
    streamset_limit: str = "parameter"  #: open: max_count limits the "parameter" or the "sum" over the streams
    streamset_missing: str = "fail"  #: open: a missing stream will "fail" the call, give "errors", or "drop" out
    streamset_duplicates: str = "answer"  #: open: a WebID given twice: "answer" twice or "collapse"
    streamset_full: str = "elements"  #: open: searchFullHierarchy adds those of child "elements", or "attributes" only
    streamset_static: str = "errors"  #: open: attributes without a history are "errors" or "drop" out of a set
    streamset_end: str = "value"  #: open: items of streamsets/end carry `Value` ("value") or `Items` ("items")

    # Batch
    batch_max: int | None = None  #: open: how many sub-requests a batch may have
    relative_urls: bool = False  #: open: whether a sub-request's Resource may lack scheme and host

    def set(self, values: Mapping[str, Any]) -> None:
        """Sets several at once.

        Raises:
            TypeError: one of the names is not a switch.
        """
        known = {one.name for one in dataclasses.fields(self)}
        for name, value in values.items():
            if name not in known:
                raise TypeError(f"unknown switch {name!r}; there are: {', '.join(sorted(known))}")
            setattr(self, name, value)
