"""What constructs of every kind use: log groups and acknowledgements of cdk-nag.

It imports `settings`.
"""
