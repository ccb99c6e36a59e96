"""The core of the local Ably: no sockets, and a clock that the test sets."""
