"""The ingest function: messages from the Ably rule become rows."""
