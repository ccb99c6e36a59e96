"""The realtime protocol: what each frame of a client does.

No I/O. It imports `core` and what that imports.
"""
