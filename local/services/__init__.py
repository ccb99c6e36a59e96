"""The services of a run: Postgres, AWS, Ably with its rule, the functions, the connector.

It imports `gateway`, `lambda_service`, `reaper` and `system`.
"""
