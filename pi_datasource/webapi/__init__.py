"""Speaks PI Web API over HTTP; knows nothing of Spark or Arrow.

Reading order: `wire` (what answers look like), `endpoints` (what is asked, spelt as PI spells it), `client` (one
request, all the way to a decoded answer or a named error), `retry` (when to try again), `throttle` (when to wait),
`batch` (many questions in one request), `auth` (who we are).
"""
