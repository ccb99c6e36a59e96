"""The local run and its services, with real processes."""
