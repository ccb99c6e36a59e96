"""The whole system, as a person or a client sees it."""
