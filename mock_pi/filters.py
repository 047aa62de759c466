"""The parameters `filterExpression` and `includeFilteredValues`: which values of a stream are shown.

`'.'` in the expression is the value that is judged. A value that fails is left out, or shown as the state "Filtered",
of which only the first of a row stays (PI Web API Reference, stream "GetRecorded").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mock_pi.call import Call, PIWebAPIError
from mock_pi.expression import Expression, Scope, parse
from mock_pi.stream import Stream
from mock_pi.system.event import Event
from mock_pi.system.states import SYSTEM_STATES

FILTERED = SYSTEM_STATES[244]

Finder = Callable[[str], Stream | None]


@dataclass(frozen=True)
class Filter:
    """A filter of one call for one stream."""

    expression: Expression
    now: int
    zone: str
    include: bool

    def passes(self, event: Event) -> bool:
        """Whether a value is shown."""
        return self.expression.holds(Scope(event.ticks, self.now, self.zone, event))

    def kept(self, events: Iterable[Event]) -> list[Event]:
        """What is left of values, in their order."""
        kept: list[Event] = []
        failing = False
        for event in events:
            passes = self.passes(event)
            if passes:
                kept.append(event)
            elif self.include and not failing:
                kept.append(Event(event.ticks, FILTERED, good=False))
            failing = not passes
        return kept


def filter_of(call: Call, stream: Stream, find: Finder) -> Filter | None:
    """The filter a call wants, None when it wants none.

    Args:
        call: Has the parameters.
        stream: Whose values are judged; it is `'.'`.
        find: Gives the stream of any other name in the expression.

    Raises:
        PIWebAPIError: 400 for an expression that is none.
    """
    include = call.boolean("includeFilteredValues", False)
    text = call.text("filterExpression")
    if not text:
        return None
    expression = parsed(text, "filterExpression", lambda name: stream if name == "." else find(name))
    return Filter(expression, call.now, call.zone, include)


def parsed(text: str, parameter: str, find: Finder) -> Expression:
    """An expression out of a parameter, or the vendor's 400."""
    try:
        return parse(text, find)
    except ValueError as error:
        raise PIWebAPIError(400, f"The expression in parameter '{parameter}' is not valid: {error}.") from None
