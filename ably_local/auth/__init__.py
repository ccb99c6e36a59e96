"""Who a client is and what it may do: keys, tokens, JWTs, capabilities, revocation.

No I/O. It imports `http` and `base`.
"""
