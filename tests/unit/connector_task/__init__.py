"""Decisions of the connector, without sockets."""
