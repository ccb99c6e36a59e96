"""The connector's settings: read from a file or the environment, checked all at once.

Imports `connector_task.errors` only, so that every other package may import it.
"""
