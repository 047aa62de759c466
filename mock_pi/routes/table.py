"""Which path leads to which controller, and which parameters it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mock_pi.call import Answer, Call, PIWebAPIError

Controller = Callable[[Call], Answer]

#: Parameters that every GET takes.
_COMMON = frozenset({"selectedfields", "webidtype"})


@dataclass(frozen=True)
class Route:
    """One action.

    Attributes:
        path: The path below `/piwebapi` in lower case, `{}` for a WebID or another name.
        controller: Who answers.
        parameters: Names of its parameters in lower case.
        version: The first release that has it.
    """

    path: str
    controller: Controller
    parameters: frozenset[str]
    version: str = "2017"

    @property
    def name(self) -> str:
        """The path without its `{}`: `streams/recorded`."""
        return "/".join(part for part in self.path.split("/") if part != "{}") or "home"


def route(path: str, controller: Controller, parameters: str = "", version: str = "2017") -> Route:
    """A route whose parameters are given as blank-separated names, the common ones being understood."""
    return Route(path, controller, _COMMON | set(parameters.lower().split()), version)


class RouteTable:
    """Finds routes, whatever the case and with or without a trailing slash."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = {tuple(one.path.split("/")) if one.path else (): one for one in routes}
        self._places: dict[int, list[tuple[int, ...]]] = {}
        for path in sorted(self._routes, key=lambda path: path.count("{}")):
            known = self._places.setdefault(len(path), [])
            if _places(path) not in known:
                known.append(_places(path))

    def find(self, path: tuple[str, ...], version: str) -> tuple[Route, tuple[str, ...]] | None:
        """The route of a path and what stands in its `{}`; literal segments win over `{}`."""
        lower = tuple(part.lower() for part in path)
        for places in self._places.get(len(path), ()):
            key = list(lower)
            for place in places:
                key[place] = "{}"
            found = self._routes.get(tuple(key))
            if found is not None:
                known = found.version <= version[:4]
                return (found, tuple(path[place] for place in places)) if known else None
        return None


def _places(path: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(place for place, part in enumerate(path) if part == "{}")


def check_parameters(call: Call, parameters: frozenset[str]) -> None:
    """Refuses parameters the action does not have, unless the switch says to ignore them as the vendor does."""
    if call.site.switches.ignore_unknown_parameters:
        return
    for name in call.query.first:
        if name not in parameters:
            raise PIWebAPIError(400, f"mock_pi: there is no parameter '{name}' here (PI Web API would ignore it).")
