"""The relay's side of Ably: publishes batches through Ably's SDK.

Implements a role of `relay.ports`. It imports `relay`, `config` and `errors`.
"""
