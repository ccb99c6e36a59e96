"""The connector's guarantees under faults, each under load and audited against the table."""
