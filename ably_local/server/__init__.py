"""The shell: the only package of the local Ably with sockets, timers and outgoing requests.

It imports every other package; only `ably_local.__main__` and users import it.
"""
