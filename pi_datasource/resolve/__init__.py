"""Driver: what the user named becomes streams, in bulk. `streams` says what a stream is, `points` finds PI points."""
