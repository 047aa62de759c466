"""The same plan and the same reading, for the time between two offsets.

Reading order: `offset` (what Spark keeps), `advance` (how far a stream may go; pure), `news` (the newest instant of
every point, asked in bulk), `caps` (how much of it one micro-batch takes), `taglist` (which points, as that changes),
`base` (what all streams have in common), `reader` (what Spark calls). Event frames: `frame_offset`, `frame_news`,
`frames`.
"""
