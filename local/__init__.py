"""The local run: the whole system on one machine, without an AWS or Ably account.

It runs embedded Postgres, the local Ably, a local Lambda service and the page, together with the
same handlers and connector that are deployed. Deployed code does not import this package.
"""
