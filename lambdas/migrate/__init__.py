"""The migrate function: brings the chat schema up to date at deploy."""
