"""Messages: validation, wire formats, ids, history and presence members.

No I/O. It imports `auth` and `base`.
"""
