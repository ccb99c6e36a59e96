"""Why the local run cannot start, in one sentence for the person at the keyboard."""


class LocalError(Exception):
    """The local run cannot go on; the message says why and what to do about it."""


class PartFailedError(LocalError):
    """A part did not start, or ended on its own; what it wrote last may tell why.

    Attributes:
        part: the name of its log.
    """

    def __init__(self, message: str, *, part: str) -> None:
        super().__init__(message)
        self.part = part
