"""What every scheme can do."""

from __future__ import annotations

import requests
from requests.auth import AuthBase

__all__ = ["Auth"]


class Auth(AuthBase):
    """Adds to a request what shows who we are."""

    #: Name of the scheme, as the option `auth` spells it.
    scheme = ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Prepares one request."""
        raise NotImplementedError

    def renew(self) -> bool:
        """After a 401: gets fresh proof if there can be any. True when the next try differs from the last."""
        return False

    def secrets(self) -> list[str]:
        """The texts that no message may hold."""
        return []
