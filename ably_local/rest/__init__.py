"""The REST API, and the routing of every HTTP request.

No I/O. It imports `control`, `core` and what those import.
"""
