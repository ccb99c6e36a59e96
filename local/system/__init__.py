"""What a run needs of the machine: processes, ports, logs, the terminal, the state directory.

It imports `local.errors` only.
"""
