"""Spark's checkpoint of a stream, as people need it: how far each tag is, what lags, and reading again.

    files.py      the files of a checkpoint, on this machine or wherever fsspec reaches
    log.py        Checkpoint: the batches in it, their offsets, and which of them are finished
    lag.py        how far behind each tag is, stalled ones first
    rows.py       rows of each batch, from the log of the Delta table that it was written to
    rewind.py     makes a stopped stream read tags again from an earlier time
    report.py     all that as one page of HTML

Nothing here needs Spark. On the command line: `python -m pi_datasource lag`, `watermarks`, `rewind`.
"""

from __future__ import annotations

from pi_datasource.checkpoint.lag import Lags, TagLag, lags_of
from pi_datasource.checkpoint.log import Batch, Checkpoint
from pi_datasource.checkpoint.rewind import Rewound, rewind

__all__ = ["Batch", "Checkpoint", "Lags", "Rewound", "TagLag", "lags_of", "rewind"]
