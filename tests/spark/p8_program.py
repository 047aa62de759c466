"""What the test of P8 runs, in a Spark of its own: reads with all kinds of secrets, failures, and what is to be seen.

    python p8_program.py FOLDER classic|connect < settings.json

Settings come by standard input, so that no secret is in a command line. All that can be seen goes into files in FOLDER.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import traceback
import urllib.request
from pathlib import Path
from typing import Any

RANGE = {"tags": "SINUSOID,CDT158", "startTime": "2026-01-07T00:00:00Z", "endTime": "2026-01-07T02:00:00Z"}
#: What goes wrong, one after the other: options added to those of a login.
FAILURES: list[dict[str, str]] = [
    {"tags": "NO.SUCH.TAG"}, {"tags": ""}, {"startTime": "01/02/2026"}, {"table": "nothing"}, {"pageSize": "0"},
    {"url": "http://127.0.0.1:9/piwebapi", "maxRetries": "0"}, {"timeZone": "Mars"}, {"startTimes": "x"},
    {"auth": "basics"},
    {"caBundle": "/nowhere"}, {"clientCertificate": "/nowhere"}, {"requireHttps": "true"}, {"boundaryType": "Around"},
    {"table": "summary", "summaryTypes": "Most"}, {"numPartitions": "x"}, {"tagFile": "/nowhere.csv"},
    {"errorColumn": "tag", "onTagError": "skip"}, {"verify": "perhaps"}, {"lookback": "1d"},
]  # fmt: skip


def session(folder: Path, kind: str, port: int) -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    if kind == "connect":
        return builder.remote("local[2]").getOrCreate()
    return builder.master("local-cluster[1,2,1024]").getOrCreate()


def read(spark: Any, options: dict[str, str]) -> Any:
    return spark.read.format("osipi").options(**options).load()


def stream(spark: Any, options: dict[str, str], folder: Path) -> None:
    options = {name: text for name, text in options.items() if name != "endTime"}
    frame = spark.readStream.format("osipi").options(**options, settleTime="0.1").load()
    writer = frame.writeStream.format("json").option("path", str(folder / "sink"))
    query = writer.option("checkpointLocation", str(folder / "checkpoint")).trigger(availableNow=True).start()
    query.awaitTermination()
    print("progress", json.dumps(query.lastProgress, default=str))


def look(spark: Any, name: str, options: dict[str, str], rows: int) -> None:
    frame = read(spark, options)
    for mode in ("simple", "extended", "codegen", "cost", "formatted"):
        frame.explain(mode)
    frame.createOrReplaceTempView(f"pi_{name}")
    print(name, frame, frame.schema, spark.sql(f"DESCRIBE EXTENDED pi_{name}").collect())
    counted = spark.sql(f"SELECT count(*) FROM pi_{name}").collect()[0][0]
    assert counted == rows, (name, counted, rows)


def fail(spark: Any, options: dict[str, str]) -> int:
    try:
        read(spark, options).collect()
    except Exception as error:
        print("failure", type(error).__name__, error, repr(error))
        print(traceback.format_exc())
        return 1
    print("no failure", sorted(options))
    return 0


def pages(port: int, application: str, folder: Path) -> None:
    """The UI, as a browser and a monitoring system see it."""
    base = f"http://127.0.0.1:{port}"
    found = ["jobs/", "stages/", "storage/", "environment/", "executors/", "SQL/", "StreamingQuery/", "connect/"]
    found += [f"SQL/execution/?id={number}" for number in range(12)]
    api = f"api/v1/applications/{application}"
    found += [f"{api}/{name}" for name in ("environment", "sql?details=true&length=100", "jobs", "stages", "executors")]
    (folder / "pages").mkdir()
    for number, page in enumerate(found):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{base}/{page}", timeout=20) as answer:
            (folder / "pages" / f"{number}.html").write_bytes(answer.read())


def main(folder: Path, kind: str, settings: dict[str, Any]) -> None:
    spark = session(folder, kind, settings["port"])
    if kind == "connect":
        from pi_datasource.register import REDACTION, register

        assert register(spark).logs_options
        # Before the secrets that are written out: blanked from here on.
        spark.conf.set("spark.sql.redaction.string.regex", REDACTION)
        assert not register(spark).logs_options
    for name, options in settings["logins"].items():
        look(spark, name, {**options, **RANGE}, settings["rows"])
    first, *_ = settings["logins"].values()
    stream(spark, {**first, **RANGE}, folder)
    wrong = [{**login, **RANGE} for login in settings["refused"]]
    # Errors come from the same Python, whoever asks: over Connect, and in the short form, a few will do.
    failures = FAILURES if settings["every_failure"] else FAILURES[:3]
    failed = sum(fail(spark, {**first, **RANGE, **more}) for more in failures) + sum(fail(spark, one) for one in wrong)
    print("failures", failed)
    application = spark.conf.get("spark.app.id")
    pages(settings["port"], application, folder)
    if kind == "connect":
        (folder / "shown").touch()
        spark.conf.unset("spark.sql.redaction.string.regex")
        print("last", read(spark, {**settings["shown"], **RANGE}).count())
    spark.stop()


if __name__ == "__main__":
    place = Path(sys.argv[1])
    # The whole of what is said, in a file that is searched like all others.
    with (place / "said").open("w") as said, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        assert isinstance(sys.stdin, io.TextIOBase)
        main(place, sys.argv[2], json.load(sys.stdin))
