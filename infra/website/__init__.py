"""The chat page: its bucket, its CloudFront distribution, its files.

It imports `settings` and `shared`.
"""
