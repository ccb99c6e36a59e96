"""What all packages of the local Ably build on: errors, clock, codecs, protocol constants.

It does no I/O and imports no other package of this repository.
"""
