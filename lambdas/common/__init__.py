"""What the functions share: observability, settings, the database, HTTP. Imports no function."""
