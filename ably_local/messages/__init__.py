"""Messages at rest: their checks and wire forms, ids, history, presence members.

No I/O. It imports `auth` and `base`.
"""
