"""Executor: a partition becomes requests, pages, columns and record batches.

Reading order: `cursor` (one stream, a page after a page), `chain` (the cursors of a chunk, asked together), `flight`
(several chains at once, in bounds), `times` and `values` (PI's JSON values → Arrow). Large answers take a shorter way
to Arrow: `found` and `cutting` (a body → `events`), `event_columns`.
"""
