"""The set-up's decisions."""
