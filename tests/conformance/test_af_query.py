"""The query language of the AF searches."""

from __future__ import annotations

import pytest

from mock_pi.af.query import Filter, parse


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("", ()),
        ("  Name:='a b'  Template:\"T 1\" ", (Filter("name", "=", "a b"), Filter("template", "=", "T 1"))),
        ("Start:>T1 End:<=T2 Name:<>x",
         (Filter("start", ">", "T1"), Filter("end", "<=", "T2"), Filter("name", "<>", "x"))),
        ("pump*", (Filter("name", "=", "pump*"),)),
        ("Root:'A\\B' Name:'it\\'s'", (Filter("root", "=", "A\\B"), Filter("name", "=", "it's"))),
        ("Element:{Name:'X' Root:'R'} Type:Double",
         (Filter("element", "=", "", (Filter("name", "=", "X"), Filter("root", "=", "R"))),
          Filter("type", "=", "Double"))),
    ],
)  # fmt: skip
def test_good(text: str, filters: tuple[Filter, ...]) -> None:
    """Filters separated by blanks, operators, quotes with backslash escapes, braces [client]."""
    assert parse(text) == filters


@pytest.mark.parametrize("text", ["Name:'open", "Element:{Name:x", "Name:x }", "Name:"])
def test_bad(text: str) -> None:
    """Everything else is refused."""
    with pytest.raises(ValueError, match=r"missing|unexpected"):
        parse(text)
