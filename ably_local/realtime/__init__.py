"""The realtime protocol: the handling of each frame that a client sends.

No I/O. It imports `core` and the packages that `core` imports.
"""
