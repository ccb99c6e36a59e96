"""Proof of behaviour, by tier; README.md says where a test goes."""
