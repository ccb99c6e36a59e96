"""The relay's side of Postgres: sessions, the outbox, notifications, and shard membership.

Implements the roles of `relay.ports` on psycopg2. It imports `relay`, `config` and `errors`; the
packages `capture` and `operations` use its sessions.
"""
