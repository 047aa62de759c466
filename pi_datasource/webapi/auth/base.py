"""What every scheme can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from requests.auth import AuthBase

__all__ = ["Auth", "on_answer"]


class Auth(AuthBase):
    """Adds to a request what shows who we are."""

    #: Name of the scheme, as the option `auth` spells it.
    scheme = ""
    #: How often one request is sent at most, with what `renew` changes in between.
    tries = 2

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Prepares one request."""
        raise NotImplementedError

    def renew(self) -> bool:
        """After a 401: gets fresh proof if there can be any. True when the next try differs from the last."""
        return False

    def explain(self) -> str:
        """What the scheme knows of the last refusal and the server's words do not say; empty for nothing."""
        return ""

    def secrets(self) -> list[str]:
        """The texts sent so far that no message may hold."""
        return []


def on_answer(request: requests.PreparedRequest, look: Callable[..., None]) -> None:
    """Has a function look at the answer to a request before its body is read."""
    prepared: Any = request
    prepared.register_hook("response", look)
