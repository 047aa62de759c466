"""No login: for servers that allow anonymous reads, where they ignore any credentials."""

from __future__ import annotations

import requests

from pi_datasource.webapi.auth.base import Auth

__all__ = ["AnonymousAuth"]


class AnonymousAuth(Auth):
    """Sends nothing about who we are."""

    scheme = "anonymous"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Leaves the request as it is."""
        return request
