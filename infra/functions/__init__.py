"""Python functions: bundling, the construct of one function, and the migrate function.

It imports `data`, `settings` and `shared`.
"""
