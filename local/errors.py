"""Errors of the local run, each with one sentence for the user."""


class LocalError(Exception):
    """The local run cannot continue; the message says why and what to do."""


class PartFailedError(LocalError):
    """A part did not start, or ended by itself; its last log line may say why.

    Attributes:
        part: the name of its log file, without the extension.
    """

    def __init__(self, message: str, *, part: str) -> None:
        super().__init__(message)
        self.part = part
