"""The table at the end, the exit status, and what is left of an error."""

from __future__ import annotations

from pi_datasource.run.summary import FAILED, PAUSED, Outcome, cause_of, exit_code, summary

GOOD = Outcome("events", "recorded", "stream", "main.bronze.pi", rows=12_345, seconds=3.21, lag=75.0)
BAD = Outcome("points", "points", "refresh", "t", FAILED, seconds=0.1, message="no such server")
LATER = Outcome("history", "recorded", "backfill", "h", PAUSED, rows=0, failed_tags={"A": "gone", "B": "gone, too"})


def test_the_table() -> None:
    assert summary([GOOD, BAD, LATER]).splitlines() == [
        "load     mode      status    rows  seconds         lag  failed tags  target",
        "-------  --------  ------  ------  -------  ----------  -----------  --------------",
        "events   stream    ok      12,345      3.2  1 min 15 s               main.bronze.pi",
        "points   refresh   failed              0.1                           t",
        "history  backfill  paused       0      0.0                        2  h",
        "",
        "points: no such server",
        "  A: gone",
        "  B: gone, too",
        "",
        "3 loads: 1 ok, 1 failed, 1 paused",
    ]
    assert summary([GOOD]).endswith("1 load: 1 ok")


def test_the_exit_status_tells_of_failures_only() -> None:
    assert exit_code([GOOD, LATER]) == 0
    assert exit_code([GOOD, BAD]) == 1


def test_the_cause_is_told_in_our_words() -> None:
    spark = (
        "[PYTHON_DATA_SOURCE_ERROR] Failed when Python data source instance plan.\nTraceback (most recent call last):\n"
        '  File "x.py", line 1, in partitions\n'
        "pi_datasource.errors.PIUnknownTagError: 1 tag not found:\n  NO.SUCH: none\n"
        "\n\tat org.apache.spark.Foo(Foo.scala:1)\nSQLSTATE: 38000"
    )
    assert cause_of(RuntimeError(spark)) == "1 tag not found:\n  NO.SUCH: none"
    assert cause_of(ValueError("plain words")) == "plain words"
    assert cause_of(KeyError()) == "KeyError"
