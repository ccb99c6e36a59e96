"""The local run: all of the system on one machine, with no account.

Embedded Postgres, the local Ably, a local Lambda service and the page, around the very handlers and
connector that are deployed. Nothing that is deployed imports this package.
"""
