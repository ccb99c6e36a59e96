"""One run: its options, its parts and their wiring, and the order of start and stop.

It imports every other package of `local`; only `local.__main__` imports it.
"""
