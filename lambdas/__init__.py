"""The Lambda functions: one folder each, and `common` that they share."""
