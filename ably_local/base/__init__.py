"""What every part of the local Ably stands on: errors, clock, codecs, protocol constants.

Imports nothing of ours and does no I/O.
"""
