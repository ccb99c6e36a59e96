"""Each adapter and guarantee against real servers."""
