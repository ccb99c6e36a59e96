"""The auth function: a TokenRequest for each client."""
