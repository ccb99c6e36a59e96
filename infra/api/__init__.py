"""The HTTP API of auth and history, and the check of the Ably key at deploy.

It imports `functions`, `data`, `settings` and `shared`.
"""
