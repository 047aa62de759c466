"""Driver: decides which task reads what, and reads no values itself.

`windows` cuts streams × time into even parts (pure), `counts` asks how many events there are where that can change
the cut, `partitions` is what travels to the tasks.
"""
