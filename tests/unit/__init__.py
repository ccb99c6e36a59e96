"""Decisions, without sockets or a real clock."""
