"""From events to plans."""
