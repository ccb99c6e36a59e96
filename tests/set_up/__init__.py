"""`make setup` in copies of this checkout, interrupted and damaged. Caches are warm, no network."""
