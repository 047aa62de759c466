"""The newest instant of every point, asked in bulk: a hundred points a call, many calls in a batch request.

A call fails as a whole when one of its points does; such a call's points are asked one by one, so that one deleted
point holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pi_datasource.errors import PIError, PIRequestError
from pi_datasource.read.times import parse_ticks
from pi_datasource.stream.key import Key
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all, chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import NewestOfMany, OneValue, State, TimedValue, TimedValues

__all__ = ["Newest", "ask_newest", "newest_before_states", "newest_by", "newest_of_quiet"]

#: WebID → route.
Route = Callable[[str], str]

#: Characters of WebIDs in one `streamsets/end`, with what stands around each: 102 points or 51 attributes.
CHARACTERS_PER_CALL = 4_000
#: Tags in one batch request that asks each of them alone.
ALONE_PER_BATCH = 100
#: Calls in one batch request.
CALLS_PER_BATCH = 30
#: Code of the system state "No Data": what a point answers that has no event.
NO_DATA = 248
#: Events looked at in one step, back from a trailing system state.
STATES_PER_PAGE = 200


@dataclass
class Newest:
    """What one look brought.

    Attributes:
        ticks: key → tick of its newest event; points without events are left out.
        states: those whose newest event is a system state.
        failures: key → why it could not be asked.
    """

    ticks: dict[Key, int] = field(default_factory=dict)
    states: set[Key] = field(default_factory=set)
    failures: dict[Key, PIError] = field(default_factory=dict)

    def put(self, answers: Sequence[tuple[Key, TimedValue]]) -> None:
        """Takes answers, many at once: converting one time costs as much as a thousand."""
        # Few are states: they are told apart here, which spares the others a call of a function.
        events = [
            (key, value)
            for key, value in answers
            if value.Timestamp and not (isinstance(value.Value, State) and _is_no_data(value))
        ]
        ticks = parse_ticks([value.Timestamp for _, value in events]).tolist()
        self.ticks.update(zip([key for key, _ in events], ticks, strict=True))
        if self.states:
            self.states.difference_update([key for key, _ in events])
        self.states.update([key for key, value in events if isinstance(value.Value, State) and _is_system(value)])


def ask_newest(client: Client, keys: Sequence[Key]) -> Newest:
    """The newest event of each point, a future point's latest forecast included.

    Raises:
        PIRequestError: the server could not be asked.
    """
    found = Newest()
    alone: list[Key] = []
    for calls in chunks(_calls(tuple(keys)), CALLS_PER_BATCH):
        asks = {str(number): Ask(route, f"{len(some)} tags") for number, (route, some) in enumerate(calls)}
        answers: list[tuple[Key, TimedValue]] = []
        for number, answer in ask_all(client, asks, NewestOfMany, "newest events").items():
            some = dict(calls[int(number)][1])
            if not isinstance(answer, PIRequestError):
                answers += _taken(some, answer)
            alone += some.values()
        found.put(answers)
    _ask_alone(client, alone, endpoints.newest, found)
    return found


@lru_cache(maxsize=2)
def _calls(keys: tuple[Key, ...]) -> tuple[tuple[str, Mapping[str, Key]], ...]:
    """The routes of all calls, each with the WebIDs in it and their keys; points and attributes apart.

    Kept for the next time: it is the same at every look until the list of tags changes.
    """
    calls = []
    for kind in (False, True):
        wanted = [(key.web_id, key) for key in keys if bool(key.attribute) == kind]
        if wanted:
            # `webId=` and `&` around each.
            for some in chunks(wanted, CHARACTERS_PER_CALL // (len(wanted[0][0]) + 7)):
                calls.append((endpoints.newest_of_many(web_id for web_id, _ in some), dict(some)))
    return tuple(calls)


def newest_by(client: Client, keys: Sequence[Key], tick: int | None, newest: Newest) -> None:
    """Puts in `newest`, for these points, the newest event that is not later than an instant.

    Args:
        client: who to ask.
        keys: points whose newest event may be later.
        tick: the instant; None for the server's now.
        newest: what is known so far.
    """
    found = Newest()
    answers = _ask_alone(client, keys, lambda web_id: endpoints.newest_by(web_id, tick), found)
    quiet = [(key, value.Timestamp) for key, value in answers if value.Timestamp and key not in found.ticks]
    ends = parse_ticks([text for _, text in quiet]).tolist()
    newest_of_quiet(client, {key: end for (key, _), end in zip(quiet, ends, strict=True)}, found)
    for key in keys:
        newest.ticks.pop(key)
    newest.ticks |= found.ticks
    newest.states = (newest.states - set(keys)) | found.states
    # No event at or before an instant is no failure.
    newest.failures |= {key: error for key, error in found.failures.items() if _status(error) not in (404, 409)}


def newest_of_quiet(client: Client, ends: Mapping[Key, int], newest: Newest) -> None:
    """Puts in `newest` the newest event of points that answered "No Data", which may be an event of the archive itself.

    Args:
        client: who to ask.
        ends: such points, each with the last tick that counts.
        newest: what is known so far.
    """
    for some in chunks(ends, ALONE_PER_BATCH):
        asks = {
            str(number): Ask(endpoints.recorded_backwards(key.web_id, ends[key], 0, 1, ()), key.web_id)
            for number, key in enumerate(some)
        }
        for number, answer in ask_all(client, asks, TimedValues, "newest events of quiet tags").items():
            key = some[int(number)]
            if isinstance(answer, PIRequestError):
                newest.failures[key] = answer
            elif answer.Items:
                newest.ticks[key] = int(parse_ticks([answer.Items[0].Timestamp])[0])
                if _is_system(answer.Items[0]):
                    newest.states.add(key)


def newest_before_states(client: Client, lows: Mapping[Key, int], newest: Newest) -> dict[Key, int]:
    """For points that end in system states: the tick of the last event that is none, no earlier than the key's low.

    A point that cannot be asked goes from the ticks of `newest` to its failures.
    """
    ticks = {}
    for key, low in lows.items():
        high = newest.ticks[key]
        while high >= low:
            route = endpoints.recorded_backwards(key.web_id, high, low, STATES_PER_PAGE, ())
            asks = {"": Ask(route, key.web_id)}
            answer = ask_all(client, asks, TimedValues, "events behind a system state")[""]
            if isinstance(answer, PIRequestError):
                newest.failures[key] = answer
                del newest.ticks[key]
                break
            values = answer.Items
            real = next((value for value in values if not _is_system(value)), None)
            if real is not None:
                ticks[key] = int(parse_ticks([real.Timestamp])[0])
                break
            if len(values) < STATES_PER_PAGE:
                break
            high = min(high - 1, int(parse_ticks([values[-1].Timestamp])[0]))
    return ticks


def _is_system(value: TimedValue) -> bool:
    return isinstance(value.Value, State) and bool(value.Value.IsSystem)


def _is_no_data(value: TimedValue) -> bool:
    return isinstance(value.Value, State) and bool(value.Value.IsSystem) and value.Value.Value == NO_DATA


def _taken(some: dict[str, Key], answer: NewestOfMany) -> Iterator[tuple[Key, TimedValue]]:
    """The answers of one call; takes their WebIDs out of `some`, so that those left out and those that failed stay."""
    for item in answer.Items:
        value = item.Value or (item.Items[-1] if item.Items else None)
        if value is None or value.Errors or item.Errors:
            continue
        web_id = item.WebId
        if web_id not in some:
            told = Key.of(web_id)
            web_id = told.web_id if told else web_id
        key = some.pop(web_id, None)
        if key is not None:
            yield key, value


def _ask_alone(client: Client, keys: Sequence[Key], route: Route, found: Newest) -> list[tuple[Key, TimedValue]]:
    answers: list[tuple[Key, TimedValue]] = []
    for some in chunks(keys, ALONE_PER_BATCH):
        asks = {str(number): Ask(route(key.web_id), key.web_id) for number, key in enumerate(some)}
        for number, answer in ask_all(client, asks, OneValue, "newest event").items():
            key = some[int(number)]
            if isinstance(answer, PIRequestError):
                found.failures[key] = answer
            else:
                answers.append((key, TimedValue(Timestamp=answer.Timestamp, Value=answer.Value)))
    found.put(answers)
    return answers


def _status(error: PIError) -> int | None:
    return error.status if isinstance(error, PIRequestError) else None
