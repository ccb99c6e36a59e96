"""Capture by triggers: finds tables, writes trigger functions, installs and uninstalls them.

It imports `postgres` for sessions, `relay` for size limits, `config` and `errors`.
"""
