"""The migrate function: updates the chat schema and the roles at deploy."""
