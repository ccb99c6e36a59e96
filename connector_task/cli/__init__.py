"""The command line: its arguments, and the commands that run and end.

It imports every package below; only `connector_task.__main__` imports it.
"""
