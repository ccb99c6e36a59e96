"""The Lambda functions' decisions, without sockets."""
