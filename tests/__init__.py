"""Proof of behaviour, by tier; CONTRIBUTING.md says where a test goes."""
