"""The relay: which messages are claimed, how they are packed, when they are sent and retried.

Decisions only, free of I/O: it reaches Postgres and Ably through the roles in `ports`, and time
through a clock that is handed in. It imports `config` and `errors`; the adapters import it.
"""
