"""A Spark job of its own, to be killed: `python -m tests.spark.exactly_once.driver JOB.json`.

It streams PI into a Delta table as the file says. It says "ready" when Spark is there, begins at the next line of its
standard input, says "started" when the query runs, and ends when its standard input does or the query ends.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from tests.spark.sessions import start_session


def main(job: dict[str, Any]) -> None:
    """Runs the job.

    Args:
        job: `options` of the source, folders `table`, `checkpoint` and `scratch`, `trigger` as keyword arguments of
            Spark's `trigger`, `log_level`, and `conf` for settings of Spark.
    """
    # A task may fail four times: what a killed worker was doing is done again.
    spark = start_session("local[2,4]", Path(job["scratch"], "warehouse"), job.get("conf"))
    # Loads Delta's classes while nobody waits for them.
    spark.range(1).write.format("delta").mode("overwrite").save(str(Path(job["scratch"], f"warm-{os.getpid()}")))
    spark.sparkContext.setLogLevel(job["log_level"])
    _say("ready")
    if not sys.stdin.readline():
        return
    threading.Thread(target=_end_with_input, daemon=True).start()
    frame = spark.readStream.format("osipi").options(**job["options"]).load()
    writer = frame.writeStream.format("delta").option("checkpointLocation", job["checkpoint"])
    query = writer.trigger(**job["trigger"]).start(job["table"])
    _say("started")
    query.awaitTermination()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
