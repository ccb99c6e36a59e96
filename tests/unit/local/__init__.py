"""Decisions of the local run, without sockets and processes."""
