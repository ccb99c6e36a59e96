"""The history function: returns pages of the messages in the table."""
