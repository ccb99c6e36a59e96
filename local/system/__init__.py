"""The run's use of the machine: processes, ports, logs, the terminal, the state directory.

It imports only `local.errors`.
"""
