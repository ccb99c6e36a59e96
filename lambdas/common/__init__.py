"""What the functions share: observability, settings, the database, HTTP."""
