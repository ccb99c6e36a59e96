"""Identities and tokens."""
