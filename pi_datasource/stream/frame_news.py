"""Whether event frames started or ended in a stretch of time: one batch request for all databases.

Two questions a database (its frames that started in the stretch, those that ended in it), each answered by one frame
or none. Which frame comes does not matter, so no order is asked for, which some servers do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pi_datasource.errors import PIError, PIRequestError
from pi_datasource.plan.frames import Window
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import item_list
from pi_datasource.times import TimeRange
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all
from pi_datasource.webapi.client import Client

__all__ = ["News", "ask_news", "first_news"]

#: How a frame comes into a stretch of time.
MODES = ("StartInclusive", "EndInclusive")


@dataclass
class News:
    """What one look brought.

    Attributes:
        there: databases in whose stretch of time a frame started or ended.
        answered: databases that could be searched.
        failures: database → why it could not be searched.
    """

    there: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    failures: dict[str, PIError] = field(default_factory=dict)


def ask_news(client: Client, searches: Mapping[str, Listing], ranges: Mapping[str, TimeRange]) -> News:
    """Which databases have news.

    Args:
        client: who to ask.
        searches: WebID of a database → search in it, without its time.
        ranges: WebID of a database → the stretch of time.

    Raises:
        PIRequestError: the server could not be asked.
    """
    asks = {}
    for web_id, stretch in ranges.items():
        for mode in MODES:
            search = searches[web_id]
            # PI's ranges hold both ends.
            times = Window(mode, stretch.start, stretch.end - 1).query(sort=False)
            query = [*search.query, *times, ("maxCount", "1"), endpoints.selected("Items.", ("WebId",))]
            asks[f"{web_id}.{mode}"] = Ask(endpoints.with_query(search.route, query), search.what)
    answers = ask_all(client, asks, item_list(()), "news of event frames")
    news = News()
    for web_id in ranges:
        of_database = [answers[f"{web_id}.{mode}"] for mode in MODES]
        failed = [answer for answer in of_database if isinstance(answer, PIRequestError)]
        if failed:
            news.failures[web_id] = failed[0]
            continue
        news.answered.add(web_id)
        if any(getattr(answer, "Items", ()) for answer in of_database):
            news.there.add(web_id)
    return news


def first_news(
    client: Client, searches: Mapping[str, Listing], ranges: Mapping[str, TimeRange], width: int
) -> tuple[dict[str, int], dict[str, PIError]]:
    """For databases with news: an instant with none before it, and the first within `width` behind it.

    Halves the stretches, because not every server can hand out the first frame in order of time.

    Returns:
        Database → the instant, and database → why it could not be searched.
    """
    failures: dict[str, PIError] = {}
    while True:
        long = {web_id: one for web_id, one in ranges.items() if one.end - one.start > width}
        if not long:
            return {web_id: one.start for web_id, one in ranges.items()}, failures
        middles = {web_id: (one.start + one.end) // 2 for web_id, one in long.items()}
        early = {web_id: TimeRange(one.start, middles[web_id]) for web_id, one in long.items()}
        news = ask_news(client, searches, early)
        failures |= news.failures
        ranges = {web_id: one for web_id, one in ranges.items() if web_id not in news.failures} | {
            web_id: early[web_id] if web_id in news.there else TimeRange(middles[web_id], one.end)
            for web_id, one in long.items()
            if web_id not in news.failures
        }
