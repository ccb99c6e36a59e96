"""The connector's settings: each declared once, read from a file or the environment.

`model` and the sections that it names declare them, `sources` reads them, `problems` says what is
wrong, all together. Imports `connector_task.errors` only: every other package may import this one.
"""
