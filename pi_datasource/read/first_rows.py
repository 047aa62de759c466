"""The first rows of a task on their own, so that `limit(10)` and `show()` stop it before it has read much.

Spark tells nobody when it has enough rows: it ends the Python process. And what a task hands over reaches Spark only
when so much came behind it that a buffer is full. So the first rows go ahead of the others, and once the buffer behind
them is full, a moment passes before more is asked for; what is in flight goes on meanwhile. A task that takes longer
than that moment to bring more waits for nothing; nor does one whose requests are all on their way by then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MOMENT", "first_rows_first"]

#: Rows that go ahead: enough for `show()`.
FIRST_ROWS = 100
#: Seconds in which Spark ends a task that it wants no more of.
MOMENT = 0.1


def first_rows_first(
    batches: Iterator[pa.RecordBatch],
    moment: float = MOMENT,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[pa.RecordBatch]:
    """The same rows in the same order; the first ones in a batch of their own.

    Args:
        batches: of a task.
        moment: seconds to wait; 0 where nothing is saved by it.
        clock: monotonic.
        sleep: waits, for tests.
    """
    first = next(batches, None)
    if first is None:
        return
    yield first.slice(0, FIRST_ROWS)
    # 1. What fills PySpark's buffer between this process and Spark.
    buffer, behind = int(os.environ.get("SPARK_BUFFER_SIZE", "65536")), 0
    for batch in chain([first.slice(FIRST_ROWS)] if first.num_rows > FIRST_ROWS else [], batches):
        yield batch
        behind += batch.nbytes
        if behind > buffer:
            break
    else:
        return
    # 2. The moment, and only where there is more.
    over = clock() + moment
    more = next(batches, None)
    if more is not None:
        sleep(max(0.0, over - clock()))
        yield more
        yield from batches
