"""What sets a machine up."""
