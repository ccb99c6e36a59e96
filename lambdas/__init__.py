"""The Lambda functions: one folder for each function, and `common`, which all of them share.

A function imports `lambdas.common` and never another function.
"""
