"""What the connector reports about itself: health, metrics and JSON log lines.

It imports `relay` for the values it reports, `config` and `errors`.
"""
