"""Keep a Delta table equal to the archive, late, edited and deleted events of the last day included: MERGE.

OSIPI_URL=http://127.0.0.1:8010/piwebapi python examples/late_data.py 'SIN*' /tmp/pi_merged
"""

import sys

from stream_to_delta import session

from pi_datasource.delta import merge_changes


def main(pattern: str, table: str, start: str = "*-1h", lookback: str = "1d") -> None:
    spark = session()
    # With lookback each batch reads again what lies that far back; merge_changes writes only what differs.
    options = {"tagFilter": pattern, "startTime": start, "lookback": lookback}
    events = spark.readStream.format("osipi").options(**options).load()
    writer = events.writeStream.foreachBatch(merge_changes(table)).option("checkpointLocation", f"{table}_checkpoint")
    writer.trigger(availableNow=True).start().awaitTermination()
    history = spark.sql(f"DESCRIBE HISTORY delta.`{table}`").where("operation = 'MERGE'")
    print(f"{spark.read.format('delta').load(table).count()} rows in {table}, {history.count()} merges so far")


if __name__ == "__main__":
    main(*sys.argv[1:])
