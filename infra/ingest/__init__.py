"""From Ably into the database: the ingest function, its queues, Ably's role and its rule.

It imports `functions`, `data`, `settings` and `shared`.
"""
