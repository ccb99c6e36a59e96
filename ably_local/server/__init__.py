"""The I/O of the local Ably: sockets, timers and outgoing requests.

It imports every other package. Only `ably_local.__main__` and programs that use it import it.
"""
