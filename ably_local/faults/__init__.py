"""Faults on demand: what a test asks to go wrong, and where it is injected.

It imports `auth`, `http` and `base`.
"""
