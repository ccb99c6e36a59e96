"""What the guard writes to the log: a browser shows neither a page nor its developer the reason."""

import logging

logger = logging.getLogger(__name__)

MAX_LOGGED = 100


class RefusalLog:
    """Logs each sentence once; after `MAX_LOGGED` different ones, none: no page fills the disk."""

    def __init__(self) -> None:
        self._logged: set[str] = set()

    def note(self, sentence: str) -> None:
        """Log a refusal, unless the same was logged already."""
        if sentence not in self._logged and len(self._logged) < MAX_LOGGED:
            self._logged.add(sentence)
            logger.warning("request refused: %s", sentence)
