"""The task root of the sample functions."""
