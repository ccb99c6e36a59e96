"""What holds data, and who may reach it: network, database, roles and secrets.

It imports `settings` and `shared`.
"""
