"""In-memory parts that stand in for servers in unit tests; tests/contract keeps them honest."""
