"""What operators ask of a running database: its status, its dead letters, a replay.

It imports `capture` and `postgres`, `relay`, `config` and `errors`.
"""
