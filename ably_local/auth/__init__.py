"""Authentication and authorisation: keys, tokens, JWTs, capabilities and revocation.

No I/O. It imports `http` and `base`.
"""
