"""What a careful user writes without any connector: a pooled session, threads, pages, and `createDataFrame`.

Pandas and Arrow carry the rows to Spark, which is the fastest way that a plain script has.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from requests.adapters import HTTPAdapter

#: Requests at once, and values in a page.
THREADS, PAGE = 8, 150_000


def read_plainly(spark: Any, url: str, paths: list[str], start: str, end: str) -> Any:
    """A DataFrame of tag, timestamp, value and good."""
    import pandas as pd

    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_connections=THREADS, pool_maxsize=THREADS))

    def values_of(path: str) -> list[tuple[str, str, Any, bool]]:
        point = session.get(f"{url}/points", params={"path": path}, timeout=60).json()
        rows: list[tuple[str, str, Any, bool]] = []
        begin = start
        while True:
            asked = {"startTime": begin, "endTime": end, "maxCount": str(PAGE)}
            items = session.get(f"{url}/streams/{point['WebId']}/recorded", params=asked, timeout=300).json()["Items"]
            for item in items:
                value = item["Value"]
                number = value if isinstance(value, (int, float)) else None
                rows.append((point["Name"], item["Timestamp"], number, item["Good"]))
            if len(items) < PAGE:
                return rows
            begin = items[-1]["Timestamp"]

    with ThreadPoolExecutor(THREADS) as pool:
        rows = [row for some in pool.map(values_of, paths) for row in some]
    frame = pd.DataFrame(rows, columns=["tag", "timestamp", "value", "good"])
    frame["timestamp"] = pd.to_datetime(frame["timestamp"], format="ISO8601", utc=True)
    return spark.createDataFrame(frame)
