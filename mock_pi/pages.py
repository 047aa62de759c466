"""Pages of HTML that come from what stands in front of PI Web API: HTTP.sys, gateways, login forms."""

from __future__ import annotations


def html_page(title: str, status: int) -> bytes:
    """A page as HTTP.sys writes it."""
    return (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
        f"<HTML><HEAD><TITLE>{title}</TITLE>\r\n"
        '<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r\n'
        f"<BODY><h2>{title}</h2>\r\n<hr><p>HTTP Error {status}. {title}.</p>\r\n</BODY></HTML>\r\n"
    ).encode()


LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to your account</h1>"
    b'<form method="post" action="/login"><input name="username"><input name="password" type="password">'
    b"<button>Sign in</button></form></body></html>"
)
