"""Fault injection: the faults that a test asks for, and the requests that they hit.

It imports `auth`, `http` and `base`.
"""
