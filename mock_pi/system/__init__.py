"""The PI System behind the server, without HTTP.

Read `event` and `point` first, then `shapes` (when) and `values` (what), `history` (what was edited since), and last
`pisystem`, which brings them together. `demo` and `gallery` declare two systems: a plant, and a cabinet of curiosities.
"""
