"""The stacks, which only compose constructs, and the application that builds them.

It imports every other package of `infra`; only `app.py` and tests import it.
"""
