"""Logs the guard's refusals: a browser does not show the reason to the page or its developer."""

import logging

logger = logging.getLogger(__name__)

MAX_LOGGED = 100


class RefusalLog:
    """Logs each sentence once, and at most `MAX_LOGGED` of them, so that no page fills the disk."""

    def __init__(self) -> None:
        self._logged: set[str] = set()

    def note(self, sentence: str) -> None:
        """Log a refusal, unless the same one was logged before."""
        if sentence not in self._logged and len(self._logged) < MAX_LOGGED:
            self._logged.add(sentence)
            logger.warning("request refused: %s", sentence)
