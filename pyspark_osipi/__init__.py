"""What makes `format("osipi")` known to Spark with no call: Spark imports every top-level `pyspark_*` package that its
Python can see and registers the `DefaultSource` it finds there.

Importing this must be quick and must never raise: one `pyspark_*` package that does keeps Spark from registering any.
"""

from contextlib import suppress

try:
    from pi_datasource import PIDataSource as DefaultSource
except (Exception, SystemExit) as error:
    # A dependency is missing or broken. The format stays known, and using it says what is wrong.
    with suppress(Exception):
        from pyspark_osipi.unusable import DefaultSource as DefaultSource  # type: ignore[assignment]

        DefaultSource.why = f"{type(error).__name__}: {error}"  # type: ignore[attr-defined]
