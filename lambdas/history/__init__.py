"""The history function: pages of the messages that are in the table."""
