"""Alarms, their topic, the dashboard and the saved log queries.

It imports the constructs that it watches, `settings` and `shared`.
"""
