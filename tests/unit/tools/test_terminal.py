from __future__ import annotations

import io

from pi_datasource.tools.terminal import Terminal


def written(encoding: str, *lines: str, width: int | None = None) -> tuple[bytes, Terminal]:
    raw = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(raw, encoding=encoding, newline="\n"), width)
    for line in lines:
        terminal.line(line)
    return raw.getvalue(), terminal


def test_utf_8_takes_all() -> None:
    raw, terminal = written("utf-8", "✓ Ünit → “x”…")
    assert raw.decode() == "✓ Ünit → “x”…\n"
    assert terminal.mark("✗") == "✗"


def test_ascii_gets_the_same_in_ascii() -> None:
    raw, terminal = written("ascii", "Ünit → “x”… – done!", "日本")
    assert raw == b'\\xdcnit -> "x"... - done!\n\\u65e5\\u672c\n'
    assert {len(terminal.mark(mark)) for mark in "✓!✗–"} == {4}
    assert terminal.mark("✗") == "FAIL"


def test_windows_has_letters_and_no_marks() -> None:
    raw, terminal = written("cp1252", "Ünit → ✗")
    assert raw.decode("cp1252") == "Ünit -> FAIL\n"
    assert terminal.is_plain


def test_what_a_server_says_cannot_steer_the_terminal() -> None:
    raw, _ = written("utf-8", "a\x1b[31mred\x07\r\nb\u202e")
    assert raw.decode() == "a [31mred   b\n"


def test_paragraphs_are_indented_and_keep_long_words() -> None:
    raw = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(raw, encoding="utf-8", newline="\n"), 44)
    terminal.paragraph("✓ name    ", "some words that fill lines https://pi.example.com/piwebapi/a/very/long/one", 10)
    terminal.paragraph("✓ empty ", "", 8)
    assert raw.getvalue().decode().splitlines() == [
        "✓ name    some words that fill lines",
        "          https://pi.example.com/piwebapi/a/very/long/one",
        "✓ empty",
    ]


def test_width_of_a_file_is_fixed(monkeypatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert Terminal(io.StringIO()).width == 100
    monkeypatch.setenv("COLUMNS", "20")
    assert Terminal(io.StringIO()).width == 60
