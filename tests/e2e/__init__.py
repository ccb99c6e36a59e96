"""The whole system, as its users and clients see it."""
