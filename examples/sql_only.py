"""PI in SQL alone: a view on a table of the reader, and queries on it.

OSIPI_URL=http://127.0.0.1:8010/piwebapi python examples/sql_only.py
"""

import os
import sys

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # Spark's workers must be this very Python.

from pyspark.sql import SparkSession

# The address and the login come from the environment (OSIPI_URL, …); they can stand among the OPTIONS, too.
VIEWS = """
CREATE OR REPLACE TEMPORARY VIEW pi_hourly USING osipi
OPTIONS (table 'summary', tagFilter '*SIN*', startTime '*-1d', summaryDuration '1h', summaryTypes 'Average, Maximum',
         summaryForm 'wide');
CREATE OR REPLACE TEMPORARY VIEW pi_points USING osipi OPTIONS (table 'points', tagFilter '*SIN*')
"""
QUERY = """
SELECT tag, descriptor, count(*) AS hours, round(avg(average), 2) AS average, round(max(maximum), 2) AS highest
FROM pi_hourly JOIN pi_points USING (tag) GROUP BY tag, descriptor ORDER BY tag
"""


def main() -> None:
    spark = SparkSession.builder.getOrCreate()
    for statement in VIEWS.split(";"):
        spark.sql(statement)
    spark.sql(QUERY).show(truncate=False)


if __name__ == "__main__":
    main()
