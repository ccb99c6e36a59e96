"""The connector as a process, against a real Postgres and a local Ably."""
