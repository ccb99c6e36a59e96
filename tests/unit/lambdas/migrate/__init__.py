"""Migration files."""
