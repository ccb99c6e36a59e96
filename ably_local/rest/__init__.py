"""The REST API, and the routing of every HTTP request.

No I/O. It imports `control`, `core` and the packages that these import.
"""
