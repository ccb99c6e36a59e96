"""Why the local run cannot start, in one sentence for the person at the keyboard."""


class LocalError(Exception):
    """The local run cannot go on; the message says why and what to do about it."""
