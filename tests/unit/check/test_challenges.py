from __future__ import annotations

import base64
import json

import pytest

from pi_datasource.check.challenges import expiry_of, offered_schemes, ways_in


@pytest.mark.parametrize(
    ("header", "schemes"),
    [
        (None, []),
        ("", []),
        ("Negotiate", ["Negotiate"]),
        ('Negotiate, NTLM, Basic realm="PI Web API, plant 1"', ["Negotiate", "NTLM", "Basic"]),
        ('Basic realm="x", charset="UTF-8", Negotiate', ["Basic", "Negotiate"]),
        ('Bearer realm="a", error="invalid_token", error_description="it ended, Basic"', ["Bearer"]),
        ("Negotiate YIIK+/==, Basic", ["Negotiate", "Basic"]),
        ("Basic, Basic", ["Basic"]),
        (r'Digest realm="a \" b, Basic c", nonce=abc', ["Digest"]),
    ],
)
def test_schemes_of_a_header(header: str | None, schemes: list[str]) -> None:
    assert offered_schemes(header) == schemes


def test_ways_in_are_words_of_the_option() -> None:
    known, coming = ways_in(["Negotiate", "BASIC", "bearer", "Digest"])
    assert {"basic", "bearer"} <= set(known)
    assert {*known, *coming} == {"kerberos", "ntlm", "basic", "oauth", "bearer"}
    assert ways_in(["Digest"]) == ([], [])


def token(claims: object) -> str:
    return "e30." + base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=") + ".x"


def test_expiry_of_a_token() -> None:
    assert expiry_of(token({"exp": 1767225600, "a": "b"})) == 1767225600


@pytest.mark.parametrize(
    "text", ["opaque", "a.b.c", "..", "a.!!.c", token({}), token([]), token({"exp": "soon"}), "a.é.c"]
)
def test_other_tokens_tell_nothing(text: str) -> None:
    assert expiry_of(text) is None
