"""Performance equations, as `filterExpression` and the Calculation controller take them: a small part of the language.

Numbers, texts in double quotes, names of points or attributes and times in single quotes, `+ - * / ^ mod`,
comparisons, `and`, `or`, `not`, `if … then … else …`, parentheses, the functions of `operators.FUNCTIONS`, and
`TagVal`, `PrevVal`, `NextVal`, `BadVal`, `IsSet`, `ParseTime`. Anything else is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from mock_pi import pitime
from mock_pi.interpolation import no_data, value_at
from mock_pi.operators import (
    ARITHMETIC,
    COMPARISONS,
    FUNCTIONS,
    CalculationFailed,
    Moment,
    Result,
    apply,
    compare,
    compute,
    number,
    true,
)
from mock_pi.stream import Stream
from mock_pi.system.event import Event, State
from mock_pi.system.states import SYSTEM_STATES

CALC_FAILED = SYSTEM_STATES[249]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|\"(?P<text>(?:[^\"]|\"\")*)\"|'(?P<name>[^']+)'"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<symbol><>|<=|>=|[-+*/^()=<>,]))"
)


@dataclass(frozen=True)
class Scope:
    """What an equation is evaluated with.

    Attributes:
        instant: The time it is evaluated for.
        now: The server's time.
        zone: Time zone of the times in it.
        own: The event that `'.'` means, when it is one event that is judged.
    """

    instant: int
    now: int
    zone: str
    own: Event | None = None


Node: TypeAlias = Callable[[Scope], Result]
Find: TypeAlias = Callable[[str], Stream | None]


class Reference:
    """A name in single quotes: a stream, or a time when no stream is called so."""

    def __init__(self, name: str, stream: Stream | None) -> None:
        self.name = name
        self.stream = stream

    def __call__(self, scope: Scope) -> Result:
        if self.stream is None and self.name != ".":
            return self.moment(scope)
        return self.event(scope).value

    def event(self, scope: Scope) -> Event:
        """What it means at the scope's time."""
        if self.name == "." and scope.own is not None:
            return scope.own
        return no_data(scope.instant) if self.stream is None else value_at(self.stream, scope.instant)

    def moment(self, scope: Scope) -> Moment:
        """The time it means."""
        return _moment(self.name, scope)


@dataclass(frozen=True)
class Expression:
    """An equation taken apart.

    Attributes:
        node: What evaluates it.
        streams: The streams it names.
    """

    node: Node
    streams: tuple[Stream, ...]

    def event(self, scope: Scope) -> Event:
        """Its value as an event; the state "Calc Failed" where there is none."""
        try:
            value = self.node(scope)
        except CalculationFailed:
            return Event(scope.instant, CALC_FAILED, good=False)
        if isinstance(value, Moment):
            return Event(scope.instant, value.text)
        if isinstance(value, bool):
            return Event(scope.instant, int(value))
        return Event(scope.instant, value, good=not (isinstance(value, State) and value.is_system))

    def holds(self, scope: Scope) -> bool:
        """Whether it is true; a failed calculation is not."""
        try:
            return true(self.node(scope))
        except CalculationFailed:
            return False


def parse(text: str, find: Find) -> Expression:
    """Takes an equation apart.

    Args:
        text: The equation.
        find: Gives the stream of a name, or None.

    Raises:
        ValueError: it is none, or has something in it that is not known here.
    """
    parser = _Parser(_tokens(text), find)
    node = parser.whole()
    return Expression(node, tuple(parser.streams))


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    place = 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"unexpected {text[place]!r} at position {place}")
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind].lower() if kind in ("word", "symbol") else match[kind]))
        place = match.end()
    return tokens


def _moment(text: str, scope: Scope) -> Moment:
    try:
        return Moment(pitime.parse(text, scope.now, scope.zone))
    except (ValueError, OverflowError) as error:
        raise CalculationFailed(text) from error


class _Parser:
    """Recursive descent, one method a level of binding, the loosest first."""

    def __init__(self, tokens: list[tuple[str, str]], find: Find) -> None:
        self.tokens = tokens
        self.find = find
        self.place = 0
        self.streams: list[Stream] = []

    def whole(self) -> Node:
        node = self.condition()
        if self.place < len(self.tokens):
            raise ValueError(f"unexpected {self.tokens[self.place][1]!r}")
        return node

    def taken(self, *texts: str) -> str:
        """The next token if it is one of these operators or words, else ''."""
        if self.place < len(self.tokens):
            kind, text = self.tokens[self.place]
            if kind in ("word", "symbol") and text in texts:
                self.place += 1
                return text
        return ""

    def expect(self, text: str) -> None:
        if not self.taken(text):
            raise ValueError(f"{text!r} is missing")

    def condition(self) -> Node:
        if not self.taken("if"):
            return self.either()
        test = self.either()
        self.expect("then")
        yes = self.condition()
        self.expect("else")
        no = self.condition()
        return lambda scope: yes(scope) if true(test(scope)) else no(scope)

    def either(self) -> Node:
        nodes = [self.both()]
        while self.taken("or"):
            nodes.append(self.both())
        return nodes[0] if len(nodes) == 1 else lambda scope: any(true(node(scope)) for node in nodes)

    def both(self) -> Node:
        nodes = [self.negation()]
        while self.taken("and"):
            nodes.append(self.negation())
        return nodes[0] if len(nodes) == 1 else lambda scope: all(true(node(scope)) for node in nodes)

    def negation(self) -> Node:
        if self.taken("not"):
            node = self.negation()
            return lambda scope: not true(node(scope))
        return self.comparison()

    def comparison(self) -> Node:
        left = self.chain(("+", "-"), self.product)
        symbol = self.taken(*COMPARISONS)
        if not symbol:
            return left
        right = self.chain(("+", "-"), self.product)
        return lambda scope: compare(symbol, left(scope), right(scope))

    def product(self) -> Node:
        return self.chain(("*", "/", "mod"), self.power)

    def chain(self, symbols: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        node = operand()
        while symbol := self.taken(*symbols):
            node = _binary(symbol, node, operand())
        return node

    def power(self) -> Node:
        if self.taken("-"):
            node = self.power()
            return lambda scope: -number(node(scope))
        self.taken("+")
        base = self.atom()
        return _binary("^", base, self.power()) if self.taken("^") else base

    def atom(self) -> Node:
        if self.taken("("):
            node = self.condition()
            self.expect(")")
            return node
        if self.place >= len(self.tokens):
            raise ValueError("it ends too early")
        kind, text = self.tokens[self.place]
        self.place += 1
        if kind == "number":
            return _constant(float(text) if not text.isdigit() else int(text))
        if kind == "text":
            return _constant(text.replace('""', '"'))
        if kind == "name":
            return self.reference(text)
        if kind == "word":
            return self.call(text)
        raise ValueError(f"unexpected {text!r}")

    def reference(self, name: str) -> Node:
        stream = self.find(name)
        if stream is not None:
            self.streams.append(stream)
        elif name != "." and not _is_time(name):
            raise ValueError(f"there is no '{name}'")
        return Reference(name, stream)

    def call(self, name: str) -> Node:
        self.expect("(")
        arguments: list[Node] = []
        while not self.taken(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.condition())
        if name in _SPECIAL:
            return _SPECIAL[name](arguments)
        if name not in FUNCTIONS:
            raise ValueError(f"there is no function {name!r}")
        _, least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise ValueError(f"wrong number of arguments for {name!r}")
        return lambda scope: apply(name, [argument(scope) for argument in arguments])


def _constant(value: Result) -> Node:
    return lambda scope: value


def _binary(symbol: str, left: Node, right: Node) -> Node:
    assert symbol in ARITHMETIC
    return lambda scope: compute(symbol, left(scope), right(scope))


def _is_time(text: str) -> bool:
    try:
        pitime.parse(text, 10**16)
    except (ValueError, OverflowError):
        return False
    return True


def _when(arguments: list[Node], scope: Scope) -> int:
    """The time a function's second argument means, or the scope's."""
    if len(arguments) < 2:
        return scope.instant
    value = arguments[1].moment(scope) if isinstance(arguments[1], Reference) else arguments[1](scope)
    if isinstance(value, str):
        value = _moment(value, scope)
    return value.ticks if isinstance(value, Moment) else round(number(value))


def _reference(arguments: list[Node], most: int) -> Reference:
    if not 1 <= len(arguments) <= most or not isinstance(arguments[0], Reference):
        raise ValueError("a name in single quotes is missing")
    return arguments[0]


def _tag_val(arguments: list[Node]) -> Node:
    tag = _reference(arguments, 2)

    def evaluate(scope: Scope) -> Result:
        return tag.event(Scope(_when(arguments, scope), scope.now, scope.zone)).value

    return evaluate


def _neighbour(step: int) -> Callable[[list[Node]], Node]:
    """`PrevVal` and `NextVal`: the value of the event before or after a time."""

    def make(arguments: list[Node]) -> Node:
        tag = _reference(arguments, 2)

        def evaluate(scope: Scope) -> Result:
            when = _when(arguments, scope)
            found = None
            if tag.stream is not None:
                found = tag.stream.before(when - 1) if step < 0 else tag.stream.after(when + 1)
            return (found or no_data(when)).value

        return evaluate

    return make


def _bad_val(arguments: list[Node]) -> Node:
    tag = _reference(arguments, 1)
    return lambda scope: not tag.event(scope).good


#: Letter of IsSet to the flag it means.
_FLAGS = {"a": "annotated", "s": "substituted", "q": "questionable"}


def _is_set(arguments: list[Node]) -> Node:
    tag = _reference(arguments, 2)
    if len(arguments) != 2:
        raise ValueError("IsSet takes two arguments")

    def evaluate(scope: Scope) -> Result:
        flag = _FLAGS.get(str(arguments[1](scope)).lower()[:1])
        if flag is None:
            raise CalculationFailed("IsSet")
        return bool(getattr(tag.event(scope), flag))

    return evaluate


def _parse_time(arguments: list[Node]) -> Node:
    if len(arguments) != 1:
        raise ValueError("ParseTime takes one argument")

    def evaluate(scope: Scope) -> Result:
        value = arguments[0](scope)
        return value if isinstance(value, Moment) else _moment(str(value), scope)

    return evaluate


#: Functions that look at names and times rather than at numbers.
_SPECIAL: dict[str, Callable[[list[Node]], Node]] = {
    "tagval": _tag_val, "prevval": _neighbour(-1), "nextval": _neighbour(1), "badval": _bad_val, "isset": _is_set,
    "parsetime": _parse_time,
}  # fmt: skip
