"""Behaviour that a fake and the real thing must share."""
