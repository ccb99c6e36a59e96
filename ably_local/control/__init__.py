"""The Control API: apps, keys, namespaces and rules of an account.

No I/O. It imports `core`, `auth`, `http` and `base`.
"""
